import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { Config } from './config/config.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { AppExceptionFilter } from './platform/errors/app-exception.filter.js';
import { CodesController } from './platform/errors/codes.controller.js';
import { Draining } from './platform/http/draining.js';
import { EnvelopeInterceptor } from './platform/http/envelope.interceptor.js';
import { ValidationPipe } from './platform/http/validation.pipe.js';
import { Clock } from './platform/time/clock.js';
import { TokenSettings } from './tokens/token-settings.js';
import { UsersModule } from './users/users.module.js';

export interface AppParts {
  readonly config: Config;
  readonly clock?: Clock;
  readonly draining?: Draining;
}

/** What every module may ask for without importing a module for it. */
@Module({})
class SettingsModule {
  static with({ config, clock = new Clock(), draining = new Draining() }: AppParts): DynamicModule {
    return {
      module: SettingsModule,
      global: true,
      providers: [
        { provide: Config, useValue: config },
        { provide: TokenSettings, useValue: config.tokens },
        { provide: Clock, useValue: clock },
        { provide: Draining, useValue: draining },
      ],
      exports: [Config, TokenSettings, Clock, Draining],
    };
  }
}

/** The service: every module, and what stands around every route. */
@Module({
  imports: [DatabaseModule, AuditModule, AuthModule, UsersModule, HealthModule],
  controllers: [CodesController],
  providers: [
    { provide: APP_FILTER, useClass: AppExceptionFilter },
    { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
    { provide: APP_PIPE, useClass: ValidationPipe },
  ],
})
export class AppModule {
  static with(parts: AppParts): DynamicModule {
    return { module: AppModule, imports: [SettingsModule.with(parts)] };
  }
}

/** The same modules without HTTP, for operator commands: no route, no signing key. */
@Module({ imports: [DatabaseModule, AuditModule, UsersModule] })
export class CliModule {
  static with(parts: AppParts): DynamicModule {
    return { module: CliModule, imports: [SettingsModule.with(parts)] };
  }
}

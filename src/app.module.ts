import {
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type ValueProvider,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AccountModule } from './account/account.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { configModule, type Config } from './config/config.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsController } from './health/metrics.controller.js';
import { Keyring } from './keyring/keyring.js';
import { KeyringModule } from './keyring/keyring.module.js';
import { OpenApiModule } from './openapi/openapi.module.js';
import { OutboxModule, SenderModule } from './outbox/outbox.module.js';
import { AppExceptionFilter } from './platform/errors/app-exception.filter.js';
import { CodesController } from './platform/errors/codes.controller.js';
import { EnvelopeInterceptor } from './platform/http/envelope.interceptor.js';
import { Draining, HttpSettings } from './platform/http/http-settings.js';
import { ValidationPipe } from './platform/http/validation.pipe.js';
import { Metrics } from './platform/metrics/metrics.js';
import { Clock } from './platform/time/clock.js';
import { Periodic } from './platform/time/periodic.js';
import { UsersModule } from './users/users.module.js';

export interface AppParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly http: HttpSettings;
}

type SharedParts = Omit<AppParts, 'http'>;

/** What every module may ask for without importing a module for it. */
@Module({})
class SharedModule {
  static with({ config, clock, metrics }: SharedParts, more: readonly ValueProvider[] = []): DynamicModule {
    const providers = [
      { provide: Clock, useValue: clock },
      { provide: Metrics, useValue: metrics },
      { provide: Periodic, useClass: Periodic },
      ...more,
    ];
    return {
      module: SharedModule,
      global: true,
      imports: [configModule(config)],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}

/** The service: every module, and what stands around every route. */
@Module({
  imports: [
    DatabaseModule,
    KeyringModule,
    AuditModule,
    SenderModule,
    AuthModule,
    UsersModule,
    AccountModule,
    HealthModule,
  ],
  controllers: [CodesController],
  providers: [
    { provide: APP_FILTER, useClass: AppExceptionFilter },
    { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
    { provide: APP_PIPE, useClass: ValidationPipe },
  ],
})
export class AppModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly periodic: Periodic,
    private readonly keyring: Keyring,
  ) {}

  static with({ http, ...parts }: AppParts): DynamicModule {
    const forHttp = [
      { provide: HttpSettings, useValue: http },
      { provide: Draining, useValue: http.draining },
    ];
    // In production the cluster reads them on the management port, and clients find nothing.
    const controllers = parts.config.service.production ? [] : [MetricsController];
    const docs = parts.config.http.docsEnabled ? [OpenApiModule] : [];
    return { module: AppModule, imports: [SharedModule.with(parts, forHttp), ...docs], controllers };
  }

  /** A server without its keys ends here; an operator's command reads them where it seals. */
  onModuleInit(): void {
    this.keyring.load();
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.periodic.stop();
  }
}

/** The same modules without HTTP, for operator commands: no route, no periodic work, and no key before one is needed. */
@Module({ imports: [DatabaseModule, KeyringModule, AuditModule, OutboxModule, UsersModule] })
export class CliModule {
  static with(config: Config): DynamicModule {
    const parts = { config, clock: new Clock(), metrics: new Metrics() };
    return { module: CliModule, imports: [SharedModule.with(parts)] };
  }
}

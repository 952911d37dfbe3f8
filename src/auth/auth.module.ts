import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { AccessModule } from '../access/access.module.js';
import { PermissionGuard } from '../access/permission.guard.js';
import { KeysModule } from '../api-keys/keys.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { CodesModule } from '../codes/codes.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { UndeclaredInputGuard } from '../platform/http/undeclared-input.guard.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AuthMetrics } from './auth-metrics.js';
import { AuthController } from './auth.controller.js';
import { AuthzController } from './authz.controller.js';
import { AuthzService } from './authz.service.js';
import { ChangesService } from './changes.service.js';
import { IntrospectionController } from './introspection.controller.js';
import { IntrospectionService } from './introspection.service.js';
import { Demands } from './demands.service.js';
import { FactorProofs } from './factor-proofs.service.js';
import { FactorStep } from './factor-step.service.js';
import { FactorSignInController } from './factor-sign-in.controller.js';
import { NewPasswordStep } from './new-password-step.service.js';
import { NewSignIns } from './new-sign-in.service.js';
import { SessionOpening } from './session-opening.service.js';
import { TokenHolderService } from './token-holder.service.js';
import { AuthQueries } from './auth.queries.js';
import { LocalStrategy } from './local.strategy.js';
import { FreshGuard } from './fresh.guard.js';
import { ReauthenticationService } from './reauthentication.service.js';
import { RenewalService } from './renewal.service.js';
import { RouteDeclarations } from './route-declarations.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { TokenFailures } from './token-failures.js';
import { SignInSteps } from './sign-in-steps.service.js';
import { SignInService } from './sign-in.service.js';

@Module({
  imports: [
    DiscoveryModule,
    AccessModule,
    AuditModule,
    CodesModule,
    CredentialsModule,
    FactorsModule,
    KeysModule,
    OutboxModule,
    SessionsModule,
    ThrottlingModule,
    TokensModule,
    UsersModule,
  ],
  controllers: [AuthController, FactorSignInController, IntrospectionController, AuthzController],
  providers: [
    AuthMetrics,
    SignInAttempts,
    AuthQueries,
    SignInService,
    SessionOpening,
    NewSignIns,
    Demands,
    SignInSteps,
    NewPasswordStep,
    FactorProofs,
    FactorStep,
    RenewalService,
    ReauthenticationService,
    TokenFailures,
    TokenHolderService,
    IntrospectionService,
    ChangesService,
    AuthzService,
    LocalStrategy,
    AccessTokenStrategy,
    RouteDeclarations,
    // In this order: who calls, what they may do, whether they gave their password a short time ago, and only then
    // whether the route expects what they sent.
    { provide: APP_GUARD, useClass: AccessTokenGuard },
    { provide: APP_GUARD, useClass: PermissionGuard },
    { provide: APP_GUARD, useClass: FreshGuard },
    { provide: APP_GUARD, useClass: UndeclaredInputGuard },
  ],
})
export class AuthModule {}

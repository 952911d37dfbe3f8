import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { ROUTE_ACCESS, type RouteAccess } from '../platform/security/route-access.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AuthErrors } from './auth.errors.js';
import { strategyPerRequest } from './strategy-per-request.js';

/** Lets nobody in without a valid access token, unless the route says that it is public. */
@Injectable()
export class AccessTokenGuard extends AuthGuard() {
  constructor(
    private readonly reflector: Reflector,
    strategy: AccessTokenStrategy,
  ) {
    super(strategyPerRequest(strategy));
  }

  override canActivate(
    context: ExecutionContext,
  ): ReturnType<InstanceType<ReturnType<typeof AuthGuard>>['canActivate']> {
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    return access?.kind === 'public' ? true : super.canActivate(context);
  }

  override handleRequest<T>(error: unknown, auth: T | false | null): T {
    if (error) throw error;
    if (!auth) throw AuthErrors.notSignedIn();
    return auth;
  }
}

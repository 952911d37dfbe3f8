import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import { ROUTE_ACCESS, type RouteAccess } from '../platform/security/route-access.js';
import { AuthErrors } from './auth.errors.js';

/** Lets nobody in without a valid access token, unless the route says that it is public. */
@Injectable()
export class AccessTokenGuard extends AuthGuard('access-token') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override canActivate(context: ExecutionContext): ReturnType<IAuthGuard['canActivate']> {
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    return access?.kind === 'public' || super.canActivate(context);
  }

  override handleRequest<T>(error: unknown, auth: T | false | null): T {
    if (error) throw error;
    if (!auth) throw AuthErrors.notSignedIn();
    return auth;
  }
}

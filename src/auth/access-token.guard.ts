import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import { KeysErrors } from '../api-keys/keys.errors.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { Fresh, PeopleOnly, ROUTE_ACCESS, type RouteAccess } from '../platform/security/route-access.js';
import { AuthErrors } from './auth.errors.js';

/** Lets nobody in without a valid access token or key, unless the route says that it is public; and no key where people act. */
@Injectable()
export class AccessTokenGuard extends AuthGuard('access-token') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override canActivate(context: ExecutionContext): ReturnType<IAuthGuard['canActivate']> {
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    return access?.kind === 'public' || super.canActivate(context);
  }

  override handleRequest<T>(
    error: unknown,
    auth: (T & AuthContext) | false | null,
    _info: unknown,
    context: ExecutionContext,
  ): T {
    if (error) throw error;
    if (!auth) throw AuthErrors.notSignedIn();
    if (auth.via === 'key' && refusesKeys(this.reflector, context)) throw KeysErrors.notWithKey();
    return auth;
  }
}

function refusesKeys(reflector: Reflector, context: ExecutionContext): boolean {
  const handler = context.getHandler();
  return reflector.get(PeopleOnly, handler) === true || reflector.get(Fresh, handler) === true;
}

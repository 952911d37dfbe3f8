import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Reflector } from '@nestjs/core';
import { sessionsConfig } from '../config/sessions.config.js';
import type { RequestWithAuth } from '../platform/security/auth-context.js';
import { Fresh } from '../platform/security/route-access.js';
import { Clock } from '../platform/time/clock.js';
import { AuthErrors } from './auth.errors.js';

/** Refuses what is sensitive in a session whose person gave the password too long ago. */
@Injectable()
export class FreshGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(sessionsConfig.KEY) private readonly config: ConfigType<typeof sessionsConfig>,
    private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.get(Fresh, context.getHandler()) !== true) return true;
    const { user: auth } = context.switchToHttp().getRequest<RequestWithAuth>();
    if (auth === undefined) throw new Error('The fresh guard ran before the access-token guard.');
    if (this.clock.now() - auth.session.authenticatedAt > this.config.freshFor) throw AuthErrors.notFresh();
    return true;
  }
}

import { Injectable } from '@nestjs/common';
import passport from 'passport';
import type { FastifyRequest } from 'fastify';
import { timesSent } from '../platform/http/headers.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { bearerToken } from '../tokens/bearer.js';
import { CallersService } from '../users/callers.service.js';

/** A Passport strategy for access tokens: verified, then one read of its session and user, so that an end counts at once. */
@Injectable()
export class AccessTokenStrategy extends passport.Strategy {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly callers: CallersService,
  ) {
    super();
  }

  override authenticate(request: unknown): void {
    this.callerOf(request as FastifyRequest).then(
      (caller) => (caller === undefined ? this.fail(401) : this.success(caller)),
      (error: unknown) => this.error(error),
    );
  }

  private async callerOf({ raw, headers }: FastifyRequest): Promise<AuthContext | undefined> {
    // Of two such headers Node would take the first, and a proxy before us perhaps the second.
    const token = timesSent(raw, 'authorization') > 1 ? undefined : bearerToken(headers.authorization);
    const claims = token === undefined ? undefined : this.accessTokens.verify(token);
    return claims === undefined ? undefined : this.callers.resume(claims);
  }
}

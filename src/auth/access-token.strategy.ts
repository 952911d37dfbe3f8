import { Injectable } from '@nestjs/common';
import passport from 'passport';
import type { FastifyRequest } from 'fastify';
import { timesSent } from '../platform/http/headers.js';
import type { Principal } from '../platform/security/principal.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { bearerToken } from '../tokens/bearer.js';

/** A Passport strategy for access tokens: verified, then one read of the session, so that its end counts at once. */
@Injectable()
export class AccessTokenStrategy extends passport.Strategy {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: SessionsService,
  ) {
    super();
  }

  override authenticate(request: unknown): void {
    this.principalOf(request as FastifyRequest).then(
      (principal) => (principal === undefined ? this.fail(401) : this.success(principal)),
      (error: unknown) => this.error(error),
    );
  }

  private async principalOf({ raw, headers }: FastifyRequest): Promise<Principal | undefined> {
    // Of two such headers Node would take the first, and a proxy before us perhaps the second.
    const token = timesSent(raw, 'authorization') > 1 ? undefined : bearerToken(headers.authorization);
    const claims = token === undefined ? undefined : this.accessTokens.verify(token);
    if (claims === undefined) return undefined;
    const session = await this.sessions.resume(claims.sessionId, claims.userId);
    return session === undefined ? undefined : { userId: session.userId, sessionId: session.id };
  }
}

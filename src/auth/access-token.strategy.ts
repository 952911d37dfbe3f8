import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import type { FastifyRequest } from 'fastify';
import { timesSent } from '../platform/http/headers.js';
import type { Principal } from '../platform/security/principal.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { bearerToken } from '../tokens/bearer.js';

/**
 * Passport's JWT strategy between two strict halves: what the text must look like and which key must have signed
 * it, and what its claims must say. Then one read of the session by primary key, so that its end counts at once.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: SessionsService,
  ) {
    super({
      // Of two such headers Node would take the first, and a proxy before us perhaps the second.
      jwtFromRequest: ({ raw, headers }: FastifyRequest) =>
        timesSent(raw, 'authorization') > 1 ? null : bearerToken(headers.authorization),
      secretOrKeyProvider: (_request, token: string, done) => {
        const key = accessTokens.keyFor(token);
        if (key === undefined) done(new Error('no access token of ours'));
        // passport-jwt hands the key on to jsonwebtoken, which takes a KeyObject; its types know only text.
        else done(null, key as unknown as string);
      },
      algorithms: ['ES256'],
      // Checked by `claimsOf` against our clock.
      ignoreExpiration: true,
    });
  }

  async validate(payload: unknown): Promise<Principal | null> {
    const claims = this.accessTokens.claimsOf(payload);
    if (claims === undefined) return null;
    const session = await this.sessions.resume(claims.sessionId, claims.userId);
    return session === undefined ? null : { userId: session.userId, sessionId: session.id };
  }
}

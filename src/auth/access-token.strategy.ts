import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import type { FastifyRequest } from 'fastify';
import type { AuthContext } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessTokenClaims } from '../tokens/access-tokens.js';
import { bearerToken } from '../tokens/bearer.js';
import type { User } from '../users/user.entity.js';
import { AuthQueries } from './auth.queries.js';

type Verified = (error: unknown, auth?: AuthContext | false | null) => void;

/** Takes the access token from the one `Authorization` header, verifies it, and looks up its session. */
class BearerStrategy extends passport.Strategy {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly whose: (claims: AccessTokenClaims, verified: Verified) => void,
  ) {
    super();
  }

  override authenticate(request: unknown): void {
    const [header, another] = (request as FastifyRequest).raw.headersDistinct['authorization'] ?? [];
    // Of two such headers Node would take the first, and a proxy before us perhaps the second.
    const token = another === undefined ? bearerToken(header) : undefined;
    const claims = token === undefined ? undefined : this.accessTokens.verify(token);
    if (claims === undefined) return this.fail(401);
    this.whose(claims, (error, auth) => {
      if (error) this.error(error);
      else if (auth) this.success(auth);
      else this.fail(401);
    });
  }
}

/** Who is calling: one read of the session and its user for each call, so that whatever ended before counts. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(BearerStrategy, 'access-token') {
  constructor(
    accessTokens: AccessTokens,
    private readonly queries: AuthQueries,
    private readonly sessions: SessionsService,
  ) {
    super(accessTokens);
  }

  async validate({ userId, sessionId }: AccessTokenClaims): Promise<AuthContext<User> | false> {
    const found = await this.queries.findSessionOfCall(sessionId);
    if (found === undefined || found.user.id !== userId || found.user.status !== 'active') return false;
    return this.sessions.resume(found.session) && { ...found, via: 'session' };
  }
}

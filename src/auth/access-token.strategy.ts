import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import type { FastifyRequest } from 'fastify';
import { isClientIn } from '../platform/http/client-address.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessTokenClaims } from '../tokens/access-tokens.js';
import { bearerKey, bearerToken } from '../tokens/bearer.js';
import { isKeyToken } from '../tokens/key-tokens.js';
import { refreshDigest } from '../tokens/refresh-tokens.js';
import { FactorPolicy } from '../users/factor-policy.js';
import type { User } from '../users/user.entity.js';
import { AuthQueries, type SessionOfCall } from './auth.queries.js';
import { TokenFailures } from './token-failures.js';

/** What a caller shows: the claims of an access token, or a key. */
type Proof = AccessTokenClaims | { readonly key: string };

type Verified = (error: unknown, auth?: AuthContext | false | null) => void;

/** Takes the access token or the key from the one `Authorization` header, verifies it, and looks up its session. */
class BearerStrategy extends passport.Strategy {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly whose: (proof: Proof, verified: Verified) => void,
  ) {
    super();
  }

  override authenticate(request: unknown): void {
    const [header, another] = (request as FastifyRequest).raw.headersDistinct['authorization'] ?? [];
    // Of two such headers Node would take the first, and a proxy before us perhaps the second.
    const proof = another === undefined ? this.proofIn(header) : undefined;
    if (proof === undefined) return this.fail(401);
    this.whose(proof, (error, auth) => {
      if (error) this.error(error);
      else if (auth) this.success(auth);
      else this.fail(401);
    });
  }

  private proofIn(header: string | undefined): Proof | undefined {
    const token = bearerToken(header);
    if (token !== undefined) return this.accessTokens.verify(token);
    const key = bearerKey(header);
    // What is no key by its checksum is not looked up.
    return key !== undefined && isKeyToken(key) ? { key } : undefined;
  }
}

/** Who is calling: one read of the session and its user for each call, so that whatever ended before counts. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(BearerStrategy, 'access-token') {
  constructor(
    accessTokens: AccessTokens,
    private readonly queries: AuthQueries,
    private readonly sessions: SessionsService,
    private readonly failures: TokenFailures,
    private readonly policy: FactorPolicy,
  ) {
    super(accessTokens);
  }

  /** @throws PlatformErrors.tooManyRequests for an address that has tried too many keys that are none */
  async validate(proof: Proof): Promise<AuthContext<User> | false> {
    if ('key' in proof) {
      const auth = await this.callerOf(await this.queries.findSessionOfKey(refreshDigest(proof.key)));
      if (auth === undefined) await this.failures.count();
      return auth ?? false;
    }
    const found = await this.queries.findSessionOfCall(proof.sessionId);
    return found?.user.id === proof.userId ? ((await this.callerOf(found)) ?? false) : false;
  }

  private async callerOf(found: SessionOfCall | undefined): Promise<AuthContext<User> | undefined> {
    if (found === undefined || found.user.status !== 'active' || !isClientIn(found.networks))
      return undefined;
    const { session, user, roles, scopes, listed } = found;
    // Asked at each call, because the policy and roles change while sessions are open.
    if (this.policy.isUnmetBy(user, roles)) {
      await this.sessions.end(session.id, user.id, 'factor_required', { user, session });
      return undefined;
    }
    return this.sessions.resume(session)
      ? { user, session, roles, scopes, listed, via: session.kind }
      : undefined;
  }
}

import { Injectable } from '@nestjs/common';
import { KeysService } from '../api-keys/keys.service.js';
import { isClientIn } from '../platform/http/client-address.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessToken } from '../tokens/access-tokens.js';
import { isKeyToken, looksLikeKey } from '../tokens/key-tokens.js';
import { refreshDigest } from '../tokens/refresh-tokens.js';
import { AuthMetrics } from './auth-metrics.js';
import { AuthErrors } from './auth.errors.js';
import { AuthQueries } from './auth.queries.js';
import { TokenFailures } from './token-failures.js';

/** What a refresh token or a key is good for: access tokens while its session lives, and the end of that session. */
@Injectable()
export class RenewalService {
  constructor(
    private readonly queries: AuthQueries,
    private readonly sessions: SessionsService,
    private readonly keys: KeysService,
    private readonly accessTokens: AccessTokens,
    private readonly failures: TokenFailures,
    private readonly metrics: AuthMetrics,
  ) {}

  /**
   * A new access token. The refresh token stays as it is, so parallel and repeated renewals all succeed. A live token
   * is never limited: only tokens without a live session are counted, by address. A key that is garbage costs nothing.
   *
   * @throws AuthErrors.invalidRefreshToken; PlatformErrors.tooManyRequests after too many of those
   */
  async renew(refreshToken: string): Promise<AccessToken> {
    return this.metrics.renewed(this.issueFor(refreshToken));
  }

  /** Ends the token's session. An unknown token is no error: what the caller wants is true already (RFC 7009). */
  async revoke(refreshToken: string): Promise<void> {
    if (isGarbage(refreshToken)) return;
    const session = await this.sessions.findByRefreshDigest(refreshDigest(refreshToken));
    if (session === undefined) return;
    const by = { user: { id: session.userId }, session };
    if (session.kind === 'device') await this.sessions.end(session.id, session.userId, 'revoked', by);
    else await this.keys.revokeIfLive(session, by);
  }

  private async issueFor(refreshToken: string): Promise<AccessToken> {
    if (isGarbage(refreshToken)) throw AuthErrors.invalidRefreshToken();
    const found = await this.queries.findSessionOfRenewal(refreshDigest(refreshToken));
    const mayUse = found?.userStatus === 'active' && isClientIn(found.networks);
    if (!mayUse || !this.sessions.renew(found.session)) {
      await this.failures.count();
      throw AuthErrors.invalidRefreshToken();
    }
    return this.accessTokens.issue(found.session);
  }
}

/** What is meant to be a key and is none, by its checksum. */
function isGarbage(refreshToken: string): boolean {
  return looksLikeKey(refreshToken) && !isKeyToken(refreshToken);
}

import { Injectable } from '@nestjs/common';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessToken } from '../tokens/access-tokens.js';
import { refreshDigest } from '../tokens/refresh-tokens.js';
import { AuthErrors } from './auth.errors.js';

/** What a refresh token is good for: access tokens while its session lives, and the end of that session. */
@Injectable()
export class RenewalService {
  constructor(
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
  ) {}

  /**
   * A new access token. The refresh token stays the same, so parallel and repeated renewals all succeed.
   *
   * @throws AppError 11003
   */
  async renew(refreshToken: string): Promise<AccessToken> {
    const session = await this.sessions.renew(refreshDigest(refreshToken));
    if (session === undefined) throw AuthErrors.invalidRefreshToken();
    return this.accessTokens.issue({
      userId: session.userId,
      sessionId: session.id,
      sessionExpiresAt: session.expiresAt,
    });
  }

  /** Ends the token's session. An unknown token is no error: what the caller wants is true already (RFC 7009). */
  async revoke(refreshToken: string): Promise<void> {
    await this.sessions.endByRefreshDigest(refreshDigest(refreshToken), 'revoked');
  }
}

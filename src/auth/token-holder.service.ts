import { Injectable } from '@nestjs/common';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessTokenClaims } from '../tokens/access-tokens.js';
import { isKeyToken } from '../tokens/key-tokens.js';
import { refreshDigest } from '../tokens/refresh-tokens.js';
import { FactorPolicy } from '../users/factor-policy.js';
import { AuthQueries, type SessionOfCall } from './auth.queries.js';

/** Whose a token is that somebody else shows. */
export interface TokenHolder extends SessionOfCall {
  /** Absent for a key, whose session says it all. */
  readonly claims?: AccessTokenClaims;
}

/** Finds whose a token is, for other services. It does not count as a use of the session. */
@Injectable()
export class TokenHolderService {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly queries: AuthQueries,
    private readonly sessions: SessionsService,
    private readonly policy: FactorPolicy,
  ) {}

  /** The holder of a live access token or key; undefined for every other text. */
  async find(token: string): Promise<TokenHolder | undefined> {
    const found = isKeyToken(token) ? await this.ofKey(token) : await this.ofAccessToken(token);
    if (found?.user.status !== 'active' || !this.sessions.isLive(found.session)) return undefined;
    return this.policy.isUnmetBy(found.user, found.roles) ? undefined : found;
  }

  /** A key that works from some networks alone is nobody's here: from where its holder calls is not known. */
  private async ofKey(key: string): Promise<TokenHolder | undefined> {
    const found = await this.queries.findSessionOfKey(refreshDigest(key));
    return found?.networks.length === 0 ? found : undefined;
  }

  private async ofAccessToken(token: string): Promise<TokenHolder | undefined> {
    const claims = this.accessTokens.verify(token);
    if (claims === undefined) return undefined;
    const found = await this.queries.findSessionOfCall(claims.sessionId);
    return found?.user.id === claims.userId ? { ...found, claims } : undefined;
  }
}

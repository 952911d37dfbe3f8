import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { budgetsConfig } from '../config/budgets.config.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts } from '../throttling/attempt-budgets.js';
import { AccessTokens, type AccessToken } from '../tokens/access-tokens.js';
import { refreshDigest } from '../tokens/refresh-tokens.js';
import { AuthMetrics } from './auth-metrics.js';
import { AuthErrors } from './auth.errors.js';
import { AuthQueries } from './auth.queries.js';

/** What a refresh token is good for: access tokens while its session lives, and the end of that session. */
@Injectable()
export class RenewalService {
  private readonly logger = new Logger(RenewalService.name);

  constructor(
    private readonly queries: AuthQueries,
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly budgets: AttemptBudgets,
    private readonly metrics: AuthMetrics,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
  ) {}

  /**
   * A new access token. The refresh token stays as it is, so parallel and repeated renewals all succeed. A live token
   * is never limited: only tokens without a live session are counted, by address.
   *
   * @throws AuthErrors.invalidRefreshToken; PlatformErrors.tooManyRequests after too many of those
   */
  async renew(refreshToken: string): Promise<AccessToken> {
    return this.metrics.renewed(this.issueFor(refreshToken));
  }

  /** Ends the token's session. An unknown token is no error: what the caller wants is true already (RFC 7009). */
  async revoke(refreshToken: string): Promise<void> {
    await this.sessions.endByRefreshDigest(refreshDigest(refreshToken), 'revoked');
  }

  private async issueFor(refreshToken: string): Promise<AccessToken> {
    const found = await this.queries.findSessionOfRenewal(refreshDigest(refreshToken));
    if (found?.userStatus !== 'active' || !this.sessions.renew(found.session)) return this.fail();
    return this.accessTokens.issue(found.session);
  }

  private async fail(): Promise<never> {
    const key = `renewal:${clientNetwork()}`;
    const refusal = await this.budgets.take({ key, limit: this.config.renewAddressFailures });
    if (refusal === undefined) throw AuthErrors.invalidRefreshToken();
    if (await this.budgets.isFirstRefusal(refusal)) {
      this.logger.warn({ key }, 'an address tries refresh tokens that are none');
    }
    throw tooManyAttempts(refusal);
  }
}

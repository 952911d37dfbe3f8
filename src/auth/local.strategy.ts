import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import { AccountVerifier, type VerifiedAccount } from './account-verifier.js';
import { AuthMetrics } from './auth-metrics.js';
import { pauseIfTurnedAway } from './refusal-pause.js';

/** Passport's local strategy: user name and password from the body. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(
    private readonly verifier: AccountVerifier,
    private readonly metrics: AuthMetrics,
  ) {
    super();
  }

  async validate(username: string, password: string): Promise<VerifiedAccount> {
    try {
      return await this.metrics.verified(this.verifier.verify(username, password));
    } catch (error) {
      await pauseIfTurnedAway(error);
      throw error;
    }
  }
}

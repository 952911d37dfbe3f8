import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { budgetsConfig } from '../config/budgets.config.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { DAY, MINUTE } from '../platform/time/clock.js';
import { AttemptBudgets, type Budget, type Refusal } from '../throttling/attempt-budgets.js';

/**
 * Guesses at six digits, for good: at most 100 within 30 days (NIST SP 800-63B-4, section 3.2.2). Beyond the limit a
 * budget admits four more in that time, after 1, 2, 4 and 8 days.
 */
const LONG_LIMIT = 96;

/** Counts guesses at the digits of an app, apart from those at the password. */
@Injectable()
export class FactorAttempts {
  constructor(
    private readonly budgets: AttemptBudgets,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
  ) {}

  /**
   * Counts a guess before it is compared. Not inside a transaction.
   *
   * @param isKnown whether the account is used from the client's network, which then has counts of its own
   */
  async take(userId: string, isKnown: boolean): Promise<Refusal | undefined> {
    return this.budgets.take(...this.budgetsOf(userId, isKnown));
  }

  /** In the transaction of the guess that was right. */
  async forget(userId: string, isKnown: boolean): Promise<void> {
    for (const budget of this.budgetsOf(userId, isKnown)) await this.budgets.reset(budget);
  }

  private budgetsOf(userId: string, isKnown: boolean): readonly [Budget, Budget] {
    const whose = isKnown ? `-known:${userId}:${clientNetwork()}` : `:${userId}`;
    return [
      { key: `factor${whose}`, limit: this.config.factorAttempts, window: 15 * MINUTE },
      { key: `factor-long${whose}`, limit: LONG_LIMIT, window: 30 * DAY },
    ];
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { budgetsConfig } from '../config/budgets.config.js';
import { passwordsConfig } from '../config/passwords.config.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { Semaphore, type Permit } from '../platform/semaphore.js';
import type { Duration } from '../platform/time/clock.js';

/**
 * Lets a process try only a quarter of an account's budget at once. An attempt is counted before it is tried and given
 * back when it succeeds. Without this a large machine would count more right passwords at once than the budget has. A
 * quarter leaves room for other replicas.
 *
 * Permits are kept by the budget that counts, which is made alike for accounts and for names that are nobody's.
 */
@Injectable()
export class AccountPermits {
  private readonly accounts = new Map<string, Semaphore>();
  private readonly limits: { readonly permits: number; readonly maxWaiting: number };

  constructor(
    @Inject(budgetsConfig.KEY) budgets: ConfigType<typeof budgetsConfig>,
    @Inject(passwordsConfig.KEY) passwords: ConfigType<typeof passwordsConfig>,
  ) {
    this.limits = { permits: Math.ceil(budgets.accountAttempts / 4), maxWaiting: passwords.queue };
  }

  /** The right to try a password of this account, if nobody has to be waited for. */
  tryAcquire(key: string): Permit | undefined {
    return this.semaphoreOf(key).tryAcquire();
  }

  /**
   * Waits for the right to try a password. As many may wait for each account as for the hash queue.
   *
   * @throws PlatformErrors.overloaded at once when too many wait already, or after `maxWait`
   */
  async acquire(key: string, maxWait: Duration): Promise<Permit> {
    const permit = await this.semaphoreOf(key).acquire(maxWait);
    if (permit !== undefined) return permit;
    throw PlatformErrors.overloaded({
      retryAfter: 1,
      reason: 'too many sign-ins of one account are under way',
    });
  }

  private semaphoreOf(key: string): Semaphore {
    const semaphore = this.accounts.get(key) ?? new Semaphore(this.limits, () => this.accounts.delete(key));
    this.accounts.set(key, semaphore);
    return semaphore;
  }
}

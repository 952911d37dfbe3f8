import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Counter } from 'prom-client';
import { budgetsConfig } from '../config/budgets.config.js';
import type { AppError } from '../platform/errors/app-error.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import type { AttemptBudget } from './attempt-budget.entity.js';
import { AttemptBudgetsRepository, waitAfter, type Budget } from './attempt-budgets.repository.js';
import { SharedClock } from './shared-clock.js';

export type { Budget };

/** An attempt that was not admitted, and took nothing. */
export interface Refusal {
  readonly budget: Budget;
  /** Whole seconds after which one attempt will be admitted. */
  readonly retryAfter: number;
  /** Whether a refusal has been reported since the count began. */
  readonly reported: boolean;
}

/** By how much the moments of requests and replicas may differ, each being right. */
const TOLERANCE: Duration = SECOND;

/** A second round follows a lost race for the last attempt; it finds out who won. */
const ROUNDS = 5;

/**
 * Counts attempts in the database, so that one budget holds for all replicas and survives restarts. Each attempt is
 * admitted by one conditional statement, which counts it or fails, so parallel attempts never pass a limit together.
 *
 * Once a budget is used up, one further attempt is admitted after 30 seconds, then after 1, 2, 4, 8 and 15 minutes;
 * `SIGNIN_WINDOW` after the last admitted attempt all is forgotten. Refusals lengthen nothing and write nothing, with one
 * exception. An attempt from the future, counted while a clock was wrong, counts as one from now. The first refusal
 * writes this down, or the wait would begin anew with each.
 */
@Injectable()
export class AttemptBudgets {
  private readonly limited: Counter<'budget'>;

  constructor(
    private readonly repository: AttemptBudgetsRepository,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
    private readonly clock: SharedClock,
    metrics: Metrics,
    periodic: Periodic,
  ) {
    periodic.every(MINUTE, 'attempt budgets', (stop) => this.sweep(stop));
    const help = 'Attempts that were not admitted, by the kind of their budget.';
    this.limited = metrics.counter('limited_total', help, ['budget']);
  }

  /** Wrong current passwords of a signed-in user, apart from sign-in so that they lock nobody out. */
  forReauthentication(userId: string): Budget {
    return { key: `reauth:${userId}`, limit: this.config.reauthAttempts };
  }

  /**
   * Takes one attempt from each budget, or from none. Not inside a transaction: it must be committed before what it
   * admits is tried.
   *
   * @returns nothing when admitted, else the refusal of the first budget that is used up
   */
  async take(...budgets: readonly [Budget, ...Budget[]]): Promise<Refusal | undefined> {
    const refusal = await this.tryToTake(...budgets);
    // What stands behind the colon says whose budget it is, and stays out of the metrics.
    if (refusal !== undefined) this.limited.inc({ budget: refusal.budget.key.split(':', 1)[0] ?? '' });
    return refusal;
  }

  private async tryToTake(...budgets: readonly [Budget, ...Budget[]]): Promise<Refusal | undefined> {
    const now = await this.clock.now();
    for (let round = 0; round < ROUNDS; round += 1) {
      // A refusal costs this read and no lock.
      const rows = await this.repository.find(budgets.map(({ key }) => key));
      const counts = new Map(rows.map((row) => [row.budgetKey, row]));
      for (const budget of budgets) {
        const row = counts.get(budget.key);
        const wait = row === undefined ? 0 : this.waitOf(row, budget.limit, now);
        if (row === undefined || wait <= 0) continue;
        if (row.lastAt > now + TOLERANCE) await this.repository.bringToNow(budget.key, now);
        return refusal(budget, wait, row.reported === 1);
      }
      if (await this.repository.take(budgets, now, this.forgottenAt(now))) return undefined;
    }
    return refusal(budgets[0], 0, true);
  }

  /** Forgets all attempts of a budget, and gives the admitted caller's own one back to another budget. */
  async reset({ key }: Budget, giveBackTo?: Budget): Promise<void> {
    await this.repository.clear(key, giveBackTo?.key ?? key);
  }

  /** Whether this refusal is the first since the count began: one caller is told yes, to report it. */
  async isFirstRefusal({ budget, reported }: Refusal): Promise<boolean> {
    return !reported && (await this.repository.report(budget.key));
  }

  /** Removes counts that are forgotten; answers how many. */
  async sweep(stop?: AbortSignal): Promise<number> {
    return this.repository.removeUnusedSince(this.forgottenAt(await this.clock.now()), stop);
  }

  /** How long until an attempt will be admitted; nothing or less when one is. */
  private waitOf({ used, lastAt }: AttemptBudget, limit: number, now: Instant): Duration {
    if (used < limit) return 0;
    return Math.min(lastAt, now) + Math.min(waitAfter(used - limit), this.config.signinWindow) - now;
  }

  private forgottenAt(now: Instant): Instant {
    return now - this.config.signinWindow;
  }
}

/** What a refused caller is told. */
export function tooManyAttempts({ retryAfter }: Refusal): AppError {
  return PlatformErrors.tooManyRequests({ retryAfter, reason: 'an attempt budget is used up' });
}

function refusal(budget: Budget, wait: Duration, reported: boolean): Refusal {
  return { budget, retryAfter: Math.max(1, Math.ceil(wait / SECOND)), reported };
}

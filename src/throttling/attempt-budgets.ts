import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import type { Counter } from 'prom-client';
import { IsNull, MoreThan, type Repository } from 'typeorm';
import { budgetsConfig } from '../config/budgets.config.js';
import { removeOutdated } from '../database/batches.js';
import { Database } from '../database/database.js';
import { MissingValueError } from '../database/driver-errors.js';
import type { AppError } from '../platform/errors/app-error.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AttemptBudget } from './attempt-budget.entity.js';
import { SharedClock } from './shared-clock.js';

/** What is counted together, and how many attempts it has. */
export interface Budget {
  /** At most 96 characters, `<kind>:<whose>`. */
  readonly key: string;
  readonly limit: number;
  /**
   * The time after the last admitted attempt in which all is forgotten; by default `SIGNIN_WINDOW`. The waits beyond the
   * limit, made for 15 minutes, grow with it.
   */
  readonly window?: Duration;
}

/** An attempt that was not admitted, and took nothing. */
export interface Refusal {
  readonly budget: Budget;
  /** Whole seconds after which one attempt will be admitted. */
  readonly retryAfter: number;
  /** Whether a refusal has been reported since the count began. */
  readonly reported: boolean;
}

/** The clocks of replicas may differ by this much. */
const TOLERANCE: Duration = SECOND;

/** Another round follows when another request took the last attempt first. */
const ROUNDS = 5;

/** Once a budget is used up: how long after each attempt the next one is admitted. */
const WAITS: readonly Duration[] = [30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE];
/** After all further attempts. */
const LONGEST_WAIT: Duration = 15 * MINUTE;
/** The window that these waits are made for. */
const WAITS_FIT: Duration = 15 * MINUTE;

const WAIT_BY_EXCESS = `${WAITS.map((wait, beyond) => `WHEN ${beyond} THEN ${wait}`).join(' ')} ELSE ${LONGEST_WAIT}`;

// These two, and taking, are in every sign-in. Prepared by hand they cost half of what a query builder takes.
const readStatement = (budgets: number) => `
  SELECT budget_key AS "budgetKey", used, reported, last_at AS "lastAt", forget_at AS "forgetAt" FROM attempt_budgets
  WHERE budget_key IN (${Array(budgets).fill('?').join(', ')})`;

const GIVE_BACK = `
  UPDATE attempt_budgets SET used = CASE WHEN used = 0 THEN 0 ELSE used - 1 END WHERE budget_key IN`;

const RESET = `
  UPDATE attempt_budgets
  SET used = CASE WHEN budget_key = ? OR used = 0 THEN 0 ELSE used - 1 END,
    reported = CASE WHEN budget_key = ? THEN 0 ELSE reported END
  WHERE budget_key IN (?, ?)`;

const WHERE_BEGUN = { sqlite: 'ON CONFLICT (budget_key) DO UPDATE SET', mysql: 'ON DUPLICATE KEY UPDATE' };
const FORGET_AT = { sqlite: 'excluded.forget_at', mysql: 'VALUES(forget_at)' };

/**
 * Takes one attempt from each of so many budgets, and begins those that have no count. Where a budget admits none, the
 * CASE gives NULL, which its column refuses. The database then undoes the whole statement, so it takes from all budgets
 * or from none without a transaction around it.
 *
 * The assignments stand in this order because MySQL works from left to right: each reads the old values of those after it
 * (dev.mysql.com/doc/refman/8.4/en/insert-on-duplicate.html). SQLite reads old values everywhere.
 */
function takeStatement(dialect: Database['dialect'], budgets: number): string {
  const byKey = `CASE budget_key ${'WHEN ? THEN ? '.repeat(budgets)}END`;
  const isAdmitted = `used < ${byKey} OR last_at <= ? - ${byKey} * CASE used - ${byKey} ${WAIT_BY_EXCESS} END`;
  const isForgotten = 'COALESCE(forget_at, last_at + ?) <= ?';
  const rows = Array.from({ length: budgets }, () => '(?, 1, 0, ?, ?)').join(', ');
  return `INSERT INTO attempt_budgets (budget_key, used, reported, last_at, forget_at) VALUES ${rows} ${WHERE_BEGUN[dialect]}
    used = CASE WHEN ${isForgotten} THEN 1 WHEN ${isAdmitted} THEN used + 1 END,
    reported = CASE WHEN ${isForgotten} THEN 0 ELSE reported END,
    forget_at = ${FORGET_AT[dialect]},
    last_at = ?`;
}

/**
 * Counts attempts in the database, so that one budget holds for all replicas and survives restarts. Each attempt is
 * admitted by one conditional statement, which counts it or fails, so parallel attempts never pass a limit together.
 *
 * Once a budget is used up, one further attempt is admitted after 30 seconds, then after 1, 2, 4, 8 and 15 minutes, or
 * longer where its window is longer; a window after the last admitted attempt all is forgotten. Refusals lengthen nothing and write nothing, with one
 * exception: an attempt that was counted with a wrong clock and lies in the future counts as one from now, and the first
 * refusal writes that down, because otherwise the wait would begin anew with each.
 */
@Injectable()
export class AttemptBudgets {
  private readonly limited: Counter<'budget'>;

  constructor(
    @InjectRepository(AttemptBudget) private readonly counts: Repository<AttemptBudget>,
    private readonly database: Database,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
    private readonly clock: SharedClock,
    metrics: Metrics,
    periodic: Periodic,
  ) {
    periodic.every(MINUTE, 'attempt budgets', (stop) => this.sweep(stop));
    const help = 'Attempts that were not admitted, by the kind of their budget.';
    this.limited = metrics.counter('limited_total', help, ['budget']);
  }

  /** Whatever is tried from the client's network: passwords, codes that were mailed. */
  forClient(): Budget {
    return { key: `address:${clientNetwork()}`, limit: this.config.addressAttempts };
  }

  /** Wrong current passwords of a signed-in user, apart from sign-in so that they lock nobody out. */
  forReauthentication(userId: string): Budget {
    return { key: `reauth:${userId}`, limit: this.config.reauthAttempts };
  }

  /**
   * Takes one attempt from each budget, or from none. Not inside a transaction: it must be committed before what it
   * admits is tried.
   *
   * @returns the refusal of the first budget that is used up; undefined when admitted
   */
  async take(...budgets: readonly [Budget, ...Budget[]]): Promise<Refusal | undefined> {
    const refusal = await this.tryToTake(...budgets);
    // Only the kind: whose budget it is stays out of the metrics.
    if (refusal !== undefined) this.limited.inc({ budget: refusal.budget.key.split(':', 1)[0] ?? '' });
    return refusal;
  }

  private async tryToTake(...budgets: readonly [Budget, ...Budget[]]): Promise<Refusal | undefined> {
    const now = await this.clock.now();
    for (let round = 0; round < ROUNDS; round += 1) {
      // A refusal costs this read and no lock.
      const rows = await this.database.query<AttemptBudget[]>(
        readStatement(budgets.length),
        budgets.map(({ key }) => key),
      );
      for (const budget of budgets) {
        const row = rows.find(({ budgetKey }) => budgetKey === budget.key);
        const wait = row === undefined ? 0 : this.waitOf(row, budget, now);
        if (row === undefined || wait <= 0) continue;
        if (row.lastAt > now + TOLERANCE) {
          const asFromNow = { lastAt: now, forgetAt: now + this.windowOf(budget) };
          await this.counts.update({ budgetKey: budget.key, lastAt: MoreThan(now) }, asFromNow);
        }
        return refusal(budget, wait, row.reported === 1);
      }
      if (await this.takeFromAll(budgets, now)) return undefined;
    }
    return refusal(budgets[0], 0, true);
  }

  /** Takes one attempt from each of these budgets, or answers no and takes none. */
  private async takeFromAll(budgets: readonly Budget[], now: Instant): Promise<boolean> {
    // Every statement locks rows in the order of their keys; in different orders two would deadlock.
    const ordered = budgets.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const first = ordered.flatMap((budget) => [budget.key, now, now + this.windowOf(budget)]);
    const limits = ordered.flatMap(({ key, limit }) => [key, limit]);
    const stretches = ordered.flatMap((budget) => [budget.key, stretchOf(budget)]);
    const forgotten = [this.config.signinWindow, now];
    const values = [...first, ...forgotten, ...limits, now, ...stretches, ...limits, ...forgotten, now];
    try {
      await this.database.execute(takeStatement(this.database.dialect, budgets.length), values);
      return true;
    } catch (error) {
      if (error instanceof MissingValueError) return false;
      throw error;
    }
  }

  /**
   * Forgets all attempts of a budget, and gives one attempt back to another budget. The row stays until the sweep: if it
   * were deleted, parallel sign-ins of one account would insert and delete it in turns.
   */
  async reset({ key }: Budget, giveBackTo?: Budget): Promise<void> {
    await this.database.execute(RESET, [key, key, key, giveBackTo?.key ?? key]);
  }

  /** Gives one attempt back to each of these. */
  async giveBack(...budgets: readonly Budget[]): Promise<void> {
    const keys = budgets.map(({ key }) => key).sort();
    await this.database.execute(`${GIVE_BACK} (${keys.map(() => '?').join(', ')})`, keys);
  }

  /** Whether the caller is to report this refusal: of all since the count began, only the first is reported. */
  async isFirstRefusal({ budget: { key }, reported }: Refusal): Promise<boolean> {
    if (reported) return false;
    const { affected } = await this.counts.update({ budgetKey: key, reported: 0 }, { reported: 1 });
    return affected === 1;
  }

  /** Removes counts that are forgotten; answers how many. */
  async sweep(stop?: AbortSignal): Promise<number> {
    const now = await this.clock.now();
    const removed = await removeOutdated(this.counts, {
      key: 'budgetKey',
      age: 'forgetAt',
      until: now,
      stop,
    });
    const older = { owner: { forgetAt: IsNull() }, until: now - this.config.signinWindow };
    return removed + (await removeOutdated(this.counts, { key: 'budgetKey', age: 'lastAt', ...older, stop }));
  }

  /** How long until an attempt will be admitted; nothing or less when one is. */
  private waitOf({ used, lastAt }: AttemptBudget, budget: Budget, now: Instant): Duration {
    if (used < budget.limit) return 0;
    const wait = stretchOf(budget) * (WAITS[used - budget.limit] ?? LONGEST_WAIT);
    return Math.min(lastAt, now) + Math.min(wait, this.windowOf(budget)) - now;
  }

  private windowOf({ window = this.config.signinWindow }: Budget): Duration {
    return window;
  }
}

/** By how much the waits of a budget are longer. A whole number, as both dialects multiply alike. */
function stretchOf({ window = WAITS_FIT }: Budget): number {
  return Math.max(1, Math.round(window / WAITS_FIT));
}

/** What a refused caller is told. */
export function tooManyAttempts({ retryAfter }: Refusal): AppError {
  return PlatformErrors.tooManyRequests({ retryAfter, reason: 'an attempt budget is used up' });
}

function refusal(budget: Budget, wait: Duration, reported: boolean): Refusal {
  return { budget, retryAfter: Math.max(1, Math.ceil(wait / SECOND)), reported };
}

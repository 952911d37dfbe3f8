import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, MoreThan, type Repository } from 'typeorm';
import { removeOutdated } from '../database/batches.js';
import { Database } from '../database/database.js';
import { MissingValueError } from '../database/driver-errors.js';
import { MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { AttemptBudget } from './attempt-budget.entity.js';

/** What is counted together, and how many attempts it has. */
export interface Budget {
  /** At most 96 characters, `<kind>:<whose>`. */
  readonly key: string;
  readonly limit: number;
}

/** How long after the last attempt one further is admitted, once the budget is used up; the last value repeats. */
const WAITS: readonly Duration[] = [30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE];
const LONGEST_WAIT: Duration = 15 * MINUTE;

/** @param beyond attempts admitted beyond the budget; 0 when it has just been used up */
export function waitAfter(beyond: number): Duration {
  return WAITS[beyond] ?? LONGEST_WAIT;
}

const WAIT_BY_EXCESS = `${WAITS.map((wait, beyond) => `WHEN ${beyond} THEN ${wait}`).join(' ')} ELSE ${LONGEST_WAIT}`;

const WHERE_BEGUN = { sqlite: 'ON CONFLICT (budget_key) DO UPDATE SET', mysql: 'ON DUPLICATE KEY UPDATE' };

/**
 * Takes one attempt from each of so many budgets, and begins those that have no count. Where one of them admits none, the
 * CASE gives no value, which its column refuses: the database then undoes the whole statement, so that it takes from all
 * or from none without a transaction around it, and costs the same whether or not an attempt is the first.
 *
 * What is assigned first still reads the old values of what is assigned later: SQLite reads all old values, MySQL works
 * from left to right (dev.mysql.com/doc/refman/8.4/en/update.html and insert-on-duplicate.html).
 */
function takeStatement(dialect: Database['dialect'], budgets: number): string {
  const limit = `CASE budget_key ${'WHEN ? THEN ? '.repeat(budgets)}END`;
  const isAdmitted = `used < ${limit} OR last_at <= ? - CASE used - ${limit} ${WAIT_BY_EXCESS} END`;
  const rows = Array.from({ length: budgets }, () => '(?, 1, 0, ?)').join(', ');
  return `INSERT INTO attempt_budgets (budget_key, used, reported, last_at) VALUES ${rows} ${WHERE_BEGUN[dialect]}
    used = CASE WHEN last_at <= ? THEN 1 WHEN ${isAdmitted} THEN used + 1 END,
    reported = CASE WHEN last_at <= ? THEN 0 ELSE reported END,
    last_at = ?`;
}

/** Counted attempts in the database. */
@Injectable()
export class AttemptBudgetsRepository {
  constructor(
    @InjectRepository(AttemptBudget) private readonly budgets: Repository<AttemptBudget>,
    private readonly database: Database,
  ) {}

  /**
   * Takes one attempt from each of these budgets, or answers no and takes none.
   *
   * @param forgotten counts that ended by then are over
   */
  async take(budgets: readonly Budget[], now: Instant, forgotten: Instant): Promise<boolean> {
    // In the order of their keys, as every statement locks them: two in different orders would wait for each other.
    const ordered = budgets.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const first = ordered.flatMap(({ key }) => [key, now]);
    const limits = ordered.flatMap(({ key, limit }) => [key, limit]);
    const values = [...first, forgotten, ...limits, now, ...limits, forgotten, now];
    try {
      await this.database.execute(takeStatement(this.database.dialect, budgets.length), values);
      return true;
    } catch (error) {
      if (error instanceof MissingValueError) return false;
      throw error;
    }
  }

  async find(keys: readonly string[]): Promise<AttemptBudget[]> {
    return this.budgets.findBy({ budgetKey: In(keys) });
  }

  /**
   * Forgets the attempts of one budget and gives another one attempt back. The row stays: were it gone, parallel
   * sign-ins of one account would begin it anew and take it away from each other. The sweep takes it.
   */
  async clear(key: string, giveBackTo: string): Promise<void> {
    const update = this.budgets
      .createQueryBuilder()
      .update()
      .set({
        used: () => 'CASE WHEN budget_key = :key OR used = 0 THEN 0 ELSE used - 1 END',
        reported: () => 'CASE WHEN budget_key = :key THEN 0 ELSE reported END',
      });
    await update.where({ budgetKey: In([key, giveBackTo]) }, { key }).execute();
  }

  /** Brings a count from the future to now, so that its wait runs from now on. */
  async bringToNow(key: string, now: Instant): Promise<void> {
    await this.budgets.update({ budgetKey: key, lastAt: MoreThan(now) }, { lastAt: now });
  }

  /** Answers yes to the first who asks since the count began. */
  async report(key: string): Promise<boolean> {
    const { affected } = await this.budgets.update({ budgetKey: key, reported: 0 }, { reported: 1 });
    return affected === 1;
  }

  /** Removes counts whose last attempt was admitted at this instant or before. */
  async removeUnusedSince(until: Instant, stop?: AbortSignal): Promise<number> {
    return removeOutdated(this.budgets, { key: 'budgetKey', age: 'lastAt', until, stop });
  }
}

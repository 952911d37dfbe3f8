import { Injectable } from '@nestjs/common';
import { removeOutdated } from '../database/batches.js';
import { Database } from '../database/database.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { columnList, insertStatement } from '../database/entity-statements.js';
import { MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { AttemptBudget } from './attempt-budget.entity.js';

const COLUMNS = columnList(AttemptBudget);
const INSERT = insertStatement(AttemptBudget, 'attempt_budgets');

/** How long after the last attempt one further is admitted, once the budget is used up; the last value repeats. */
const WAITS: readonly Duration[] = [30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE];
const LONGEST_WAIT: Duration = 15 * MINUTE;

/** @param beyond attempts admitted beyond the budget; 0 when it has just been used up */
export function waitAfter(beyond: number): Duration {
  return WAITS[beyond] ?? LONGEST_WAIT;
}

const WAIT_BY_USE = `CASE used - ? ${WAITS.map((wait, beyond) => `WHEN ${beyond} THEN ${wait}`).join(' ')} ELSE ${LONGEST_WAIT} END`;

/**
 * Admits an attempt, or matches no row. What is assigned first still reads the old values of what is assigned later:
 * SQLite reads all old values, MySQL works from left to right.
 */
const ADMIT = `
  UPDATE attempt_budgets
  SET used = CASE WHEN last_at <= ? THEN 1 ELSE used + 1 END,
      reported = CASE WHEN last_at <= ? THEN 0 ELSE reported END,
      last_at = ?
  WHERE budget_key = ? AND (last_at <= ? OR used < ? OR last_at <= ? - ${WAIT_BY_USE})`;

/** Counted attempts in the database. */
@Injectable()
export class AttemptBudgetsRepository {
  constructor(private readonly database: Database) {}

  /** Takes one attempt, if the row is there and admits one. @param forgotten counts that ended by then are over */
  async admit(key: string, limit: number, now: Instant, forgotten: Instant): Promise<boolean> {
    const admitted = await this.database.execute(ADMIT, [
      forgotten,
      forgotten,
      now,
      key,
      forgotten,
      limit,
      now,
      limit,
    ]);
    return admitted === 1;
  }

  /** Begins a count with its first attempt; answers no when somebody else has begun it. */
  async begin(key: string, now: Instant): Promise<boolean> {
    try {
      const first = { budgetKey: key, used: 1, reported: 0, lastAt: now };
      await this.database.execute(INSERT.sql, INSERT.values(first));
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }

  async find(keys: readonly string[]): Promise<AttemptBudget[]> {
    return this.database.query<AttemptBudget>(
      `SELECT ${COLUMNS} FROM attempt_budgets WHERE budget_key IN (${keys.map(() => '?').join(', ')})`,
      keys,
    );
  }

  async giveBack(key: string): Promise<void> {
    await this.database.execute(
      'UPDATE attempt_budgets SET used = used - 1 WHERE budget_key = ? AND used > 0',
      [key],
    );
  }

  /**
   * Forgets the attempts and keeps the row: were it gone, parallel sign-ins of one account would begin it anew and
   * take it away from each other until one of them ran out of rounds. The sweep takes it.
   */
  async clear(key: string): Promise<void> {
    await this.database.execute('UPDATE attempt_budgets SET used = 0, reported = 0 WHERE budget_key = ?', [
      key,
    ]);
  }

  /** Answers yes to the first who asks since the count began. */
  async report(key: string): Promise<boolean> {
    const first = await this.database.execute(
      'UPDATE attempt_budgets SET reported = 1 WHERE budget_key = ? AND reported = 0',
      [key],
    );
    return first === 1;
  }

  /** Removes counts whose last attempt was admitted at this instant or before. */
  async removeUnusedSince(instant: Instant): Promise<number> {
    return removeOutdated(this.database, {
      table: 'attempt_budgets',
      key: 'budget_key',
      age: 'last_at',
      until: instant,
    });
  }
}

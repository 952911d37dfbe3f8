import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Clock, MINUTE, type Duration, type Instant } from '../platform/time/clock.js';

const MEASURE_EVERY: Duration = 10 * MINUTE;

/**
 * The one time by which replicas count together: the database server's. A replica whose own clock is two minutes
 * fast would else take the wait of 30 seconds for over at once and admit attempts beyond the budget.
 *
 * The difference is measured now and then and added to the process's clock, so that a test can still move that one.
 */
@Injectable()
export class SharedClock {
  private difference: Duration = 0;
  private measuredAt: number | undefined;
  private measuring: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async now(): Promise<Instant> {
    // On SQLite there is one server, and its clock is ours.
    if (this.database.dialect === 'mysql') await this.keepMeasured();
    return this.clock.now() + this.difference;
  }

  /** Waits for the first measurement only; later ones happen beside the requests, and may fail. */
  private async keepMeasured(): Promise<void> {
    if (this.measuredAt !== undefined && performance.now() - this.measuredAt < MEASURE_EVERY) return;
    this.measuring ??= this.measure().finally(() => (this.measuring = undefined));
    if (this.measuredAt === undefined) await this.measuring;
    else this.measuring.catch(() => undefined);
  }

  private async measure(): Promise<void> {
    const sql = 'SELECT CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED) AS now';
    const before = Date.now();
    const [row] = await this.database.query<{ now: number }>(sql);
    const after = Date.now();
    if (row === undefined) return;
    this.difference = Math.round(row.now - (before + after) / 2);
    this.measuredAt = performance.now();
  }
}

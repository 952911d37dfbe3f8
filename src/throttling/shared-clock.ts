import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Clock, MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';

const MEASURE_EVERY: Duration = 10 * MINUTE;

/** More than NTP moves a clock between two measurements; a clock that was set moves further. */
const JUMP: Duration = SECOND;

/**
 * The database server's time, by which all replicas count. A replica whose own clock is two minutes fast would admit
 * attempts beyond the budget, because to it a wait of 30 seconds is over at once.
 *
 * The difference is measured now and then and added to the process's clock, which tests can move.
 */
@Injectable()
export class SharedClock {
  private difference: Duration = 0;
  private measuredAt: number | undefined;
  /** The process's clock minus its monotonic clock at the measurement; only a jump changes it. */
  private offset = 0;
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

  /**
   * Waits for the first measurement, and for one after our clock has jumped: an attempt counted a day ahead would stay
   * counted for a day. Other measurements run beside the requests, and may fail.
   */
  private async keepMeasured(): Promise<void> {
    const hasJumped = Math.abs(clockOffset() - this.offset) > JUMP;
    const isFresh = this.measuredAt !== undefined && performance.now() - this.measuredAt < MEASURE_EVERY;
    if (isFresh && !hasJumped) return;
    this.measuring ??= this.measure().finally(() => (this.measuring = undefined));
    if (this.measuredAt === undefined || hasJumped) await this.measuring;
    else this.measuring.catch(() => undefined);
  }

  private async measure(): Promise<void> {
    const sql = 'SELECT CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED) AS now';
    // First, so that a jump during the measurement leads to another one.
    const offset = clockOffset();
    const before = Date.now();
    const [row] = await this.database.query<Array<{ now: number }>>(sql);
    const after = Date.now();
    if (row === undefined) return;
    this.difference = Math.round(row.now - (before + after) / 2);
    this.measuredAt = performance.now();
    this.offset = offset;
  }
}

function clockOffset(): Duration {
  return Date.now() - performance.now();
}

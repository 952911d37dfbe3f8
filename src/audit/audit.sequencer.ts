import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { rest } from '../database/batches.js';
import { Database } from '../database/database.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock, HOUR, SECOND, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AuditCount } from './audit-count.entity.js';
import type { UnnumberedEvent } from './audit-event.entity.js';
import { AuditHead, HEAD } from './audit-head.entity.js';
import { AuditRepository } from './audit.repository.js';

/** On SQLite everybody else waits while a batch is numbered. */
const BATCH = { mysql: 500, sqlite: 200 } as const;

/**
 * Gives the events of the record their order, a moment after they are committed: numbers from 1 without a gap
 * (docs/decisions/0011-the-record-is-numbered-afterwards.md). Every replica does it; each batch moves the head of the
 * record from the number that it read, so of two at once one finds it moved and has done nothing.
 */
@Injectable()
export class AuditSequencer {
  private seq = 0;
  private oldest: Instant | undefined;

  constructor(
    private readonly repository: AuditRepository,
    @InjectRepository(AuditHead) private readonly heads: Repository<AuditHead>,
    @InjectRepository(AuditCount) private readonly counts: Repository<AuditCount>,
    private readonly database: Database,
    private readonly clock: Clock,
    periodic: Periodic,
    metrics: Metrics,
  ) {
    periodic.every(SECOND, 'order of the record', (stop) => this.round(stop));
    metrics.gauge('audit_seq', 'The number of the newest numbered event of the record.', () => this.seq);
    metrics.gauge('audit_unnumbered', 'Age in seconds of the oldest event without a number; 0: none.', () =>
      this.oldest === undefined ? 0 : Math.max(0, this.clock.now() - this.oldest) / SECOND,
    );
  }

  /** Numbers what has no number yet; answers how many events that were. */
  async number(stop?: AbortSignal): Promise<number> {
    for (let total = 0; ;) {
      const begun = performance.now();
      const numbered = await this.database.transaction(() => this.numberBatch());
      total += numbered;
      if (numbered < BATCH[this.database.dialect] || stop?.aborted === true) return total;
      // Nobody waits for the order of what is long past.
      await rest(5 * (performance.now() - begun), stop);
    }
  }

  private async round(stop: AbortSignal): Promise<void> {
    const { seq, updatedAt, oldest } = await this.repository.readHead();
    this.seq = seq;
    this.oldest = oldest ?? undefined;
    // Another replica was here. Its clock may be minutes ahead of ours, so a later time does not mean a recent one.
    const isRecent = Math.abs(this.clock.now() - updatedAt) < SECOND / 2;
    if (this.oldest === undefined || isRecent) return;
    this.seq += await this.number(stop);
    this.oldest = undefined;
  }

  /** In the current transaction. */
  private async numberBatch(): Promise<number> {
    const { seq } = await this.heads.findOneByOrFail(HEAD);
    const events = await this.repository.findUnnumbered(BATCH[this.database.dialect]);
    if (events.length === 0) return 0;
    const moved = { seq: seq + events.length, updatedAt: this.clock.now() };
    const { affected } = await this.heads.update({ ...HEAD, seq }, moved);
    if (affected !== 1) return 0;
    const numbered = await this.repository.number(events, seq);
    if (numbered !== events.length) throw new Error('Events went away while they were numbered.');
    await this.count(events);
    return numbered;
  }

  /** The lock on the head lets one transaction at a time come here. */
  private async count(events: readonly UnnumberedEvent[]): Promise<void> {
    const counts = new Map<string, AuditCount>();
    for (const { at, action, outcome } of events) {
      const hour = at - (at % HOUR);
      const key = `${hour} ${action} ${outcome}`;
      counts.set(key, { hour, action, outcome, n: (counts.get(key)?.n ?? 0) + 1 });
    }
    for (const { n, ...key } of counts.values()) {
      const { affected } = await this.counts.increment(key, 'n', n);
      if (affected === 0) await this.counts.insert({ ...key, n });
    }
  }
}

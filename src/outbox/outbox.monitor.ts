import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { mailConfig, type MailConfig } from '../config/mail.config.js';
import { removeOutdated } from '../database/batches.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { MINUTE, SECOND, type Duration } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { OutboxMessage } from './outbox-message.entity.js';
import { OutboxRepository } from './outbox.repository.js';

const LOOK_EVERY: Duration = 5 * SECOND;

/** Beyond this the operator is told. */
const TOO_LONG: Duration = 2 * MINUTE;

/** Tells operators how the outbox does, and removes what is long done. */
@Injectable()
export class OutboxMonitor {
  private readonly logger = new Logger('Outbox');
  /** As read last: Prometheus must not cost the database anything. */
  private waiting: Readonly<Record<string, number>> = { mail: 0 };
  private oldestAge: Duration = 0;
  private isTold = false;

  constructor(
    private readonly messages: OutboxRepository,
    @InjectRepository(OutboxMessage) private readonly rows: Repository<OutboxMessage>,
    private readonly clock: SharedClock,
    @Inject(mailConfig.KEY) private readonly config: MailConfig,
    metrics: Metrics,
    periodic: Periodic,
  ) {
    metrics.gauges('outbox_waiting', 'Messages that wait to be sent.', 'channel', () => this.waiting);
    metrics.gauge(
      'outbox_oldest_seconds',
      'Age of the oldest message that waits to be sent; 0: none.',
      () => this.oldestAge / SECOND,
    );
    periodic.every(LOOK_EVERY, 'outbox figures', () => this.look());
    periodic.every(MINUTE, 'outbox sweep', (stop) => this.sweep(stop));
  }

  /** Reads the figures, and warns once when messages begin to wait too long. */
  async look(): Promise<void> {
    const found = await this.messages.countWaiting();
    const now = await this.clock.now();
    this.waiting = { mail: 0, ...Object.fromEntries(found.map(({ channel, n }) => [channel, n])) };
    this.oldestAge = Math.max(0, ...found.map(({ oldest }) => now - oldest));
    const isLate = this.oldestAge > TOO_LONG;
    if (isLate && !this.isTold) {
      const { error = null } = (await this.messages.findOldestWaiting()) ?? {};
      this.logger.warn(
        { waiting: this.waiting, oldest_seconds: Math.round(this.oldestAge / SECOND), error },
        'messages wait to be sent: look at "mail list", and try "mail test <address>"',
      );
    }
    this.isTold = isLate;
  }

  /** Removes messages that were sent or given up long ago; answers how many. */
  async sweep(stop?: AbortSignal): Promise<number> {
    const until = (await this.clock.now()) - this.config.retention;
    return removeOutdated(this.rows, { key: 'id', age: 'doneAt', until, stop });
  }
}

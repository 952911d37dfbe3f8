import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Counter } from 'prom-client';
import { mailConfig, type MailConfig } from '../config/mail.config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { HOUR, MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { failureOf } from './failure-of.js';
import { MailComposer } from './mail-composer.js';
import { MailTransport, type DeliveryFailure } from './mail-transport.js';
import type { OutboxMessage } from './outbox-message.entity.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxService } from './outbox.service.js';
import { CONNECTIONS } from './smtp-transport.js';

const LOOK_EVERY: Duration = 5 * SECOND;

/** Less than a lease, so that no other sender has the message meanwhile. */
const SEND_DEADLINE: Duration = 45 * SECOND;

/** How long sends in progress may take once the process is to end. */
const SHUTDOWN_DEADLINE: Duration = 10 * SECOND;

/** While no mail gets out, a new message leads to another attempt at most this often. */
const PROBE_EVERY: Duration = SECOND;

/** What a lane takes: what was never tried, the newest first, or what waits longest. */
type Order = 'fresh' | 'due';

/** Takes messages one after the other. */
interface Lane {
  readonly order: Order;
}

/**
 * Sends what stands in the outbox, four mails at once on each replica. A message is claimed for a minute by one
 * conditional statement, so it has one sender, and comes back by itself when that one is killed.
 *
 * One of the four takes new messages only. So a reset that somebody waits for is not behind a thousand mails that a slow
 * server keeps from being delivered.
 *
 * Where a failure is of the way and not of the mail (no connection, a refused sign-in), all others would fail alike. Then
 * one message at a time is tried, until one gets out.
 */
@Injectable()
export class OutboxSender implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Outbox');
  /** While no mail gets out, this one alone tries. */
  private readonly probe: Lane = { order: 'fresh' };
  private readonly lanes: readonly Lane[] = [
    this.probe,
    ...Array.from({ length: CONNECTIONS - 1 }, () => ({ order: 'due' as const })),
  ];
  private readonly found: Record<Order, OutboxMessage[]> = { fresh: [], due: [] };
  private readonly running = new Map<Lane, Promise<void>>();
  private readonly givenUp = new AbortController();
  private readonly results: Counter<'channel' | 'template' | 'result'>;
  private isBlocked = false;
  private probedAt = 0;
  private isStopping = false;
  /** Grows with each new message, so that a lane that has just found nothing looks again. */
  private news = 0;

  constructor(
    private readonly messages: OutboxRepository,
    private readonly composer: MailComposer,
    private readonly transport: MailTransport,
    private readonly clock: SharedClock,
    @Inject(mailConfig.KEY) private readonly config: MailConfig,
    outbox: OutboxService,
    metrics: Metrics,
    periodic: Periodic,
  ) {
    const help = 'Messages, by what became of an attempt to send them; failed ones are tried again.';
    this.results = metrics.counter('messages_total', help, ['channel', 'template', 'result']);
    periodic.every(LOOK_EVERY, 'outbox', () => this.round());
    // Bound, because sending must not log as a part of the request that happened to begin it.
    outbox.onEnqueued(AsyncResource.bind(() => this.wake()));
  }

  /** Gives up what is too old, and begins to send what is due; does not wait for it. */
  async round(): Promise<void> {
    await this.expire();
    this.fill();
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  /** Claims nothing more. Requests still end meanwhile, so it is `onApplicationShutdown` that waits. */
  beforeApplicationShutdown(): void {
    this.isStopping = true;
    setTimeout(() => this.givenUp.abort(), SHUTDOWN_DEADLINE).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.settled();
    this.transport.close();
  }

  private wake(): void {
    this.news += 1;
    this.found.fresh = [];
    if (this.isBlocked && performance.now() - this.probedAt < PROBE_EVERY) return;
    this.fill();
  }

  /** Starts the lanes that stand still. */
  private fill(): void {
    if (this.isStopping || !this.config.mailIsSetUp) return;
    for (const lane of this.isBlocked ? [this.probe] : this.lanes) {
      if (this.running.has(lane)) continue;
      const run = this.run(lane)
        .catch((error: unknown) => this.logger.warn({ err: error }, 'a message could not be taken or kept'))
        .finally(() => this.running.delete(lane));
      this.running.set(lane, run);
    }
  }

  private async run(lane: Lane): Promise<void> {
    while (!this.isStopping && (!this.isBlocked || lane === this.probe)) {
      const { news } = this;
      const message = await this.next(lane);
      if (message !== undefined) await this.deliver(message);
      else if (news === this.news) return;
      // What nobody is to get tells nothing of the way.
      if (this.isBlocked && message?.template !== 'none') return;
      // On SQLite nothing else would get its turn.
      await sleep(1);
    }
  }

  /** The next message, claimed. */
  private async next({ order }: Lane): Promise<OutboxMessage | undefined> {
    for (;;) {
      const message = (await this.find(order)) ?? (this.isBlocked ? await this.find('due') : undefined);
      if (message === undefined) return undefined;
      const claimed = await this.messages.claim(message, await this.clock.now());
      if (claimed !== undefined) return claimed;
      await sleep(1);
    }
  }

  private async find(order: Order): Promise<OutboxMessage | undefined> {
    if (this.found[order].length === 0) {
      const { news } = this;
      const now = await this.clock.now();
      const found = order === 'fresh' ? await this.messages.findFresh(now) : await this.messages.findDue(now);
      // What came meanwhile is not among them: one of them goes first, and then it.
      this.found[order] = order === 'fresh' && news !== this.news ? found.slice(0, 1) : found;
    }
    return this.found[order].shift();
  }

  private async deliver(message: OutboxMessage): Promise<void> {
    if (message.template === 'none') {
      await this.messages.drop(message);
      this.count(message, 'dropped');
      return;
    }
    try {
      const mail = await this.composer.compose(message);
      const signal = AbortSignal.any([AbortSignal.timeout(SEND_DEADLINE), this.givenUp.signal]);
      await this.transport.send(mail, signal);
    } catch (error) {
      await this.recordFailure(message, failureOf(error));
      return;
    }
    if (this.isBlocked) {
      this.isBlocked = false;
      this.fill();
    }
    await this.recordSent(message);
    this.count(message, 'sent');
  }

  /** Goes on until it is written down, because otherwise the mail would be sent again. */
  private async recordSent(message: OutboxMessage): Promise<void> {
    for (;;) {
      try {
        return await this.messages.recordSent(message, await this.clock.now());
      } catch (error) {
        if (this.givenUp.signal.aborted) throw error;
        await sleep(SECOND);
      }
    }
  }

  private async recordFailure(message: OutboxMessage, failure: DeliveryFailure): Promise<void> {
    if (this.givenUp.signal.aborted) return this.messages.release(message);
    const { id, template, channel } = message;
    const { kind, message: error } = failure;
    const now = await this.clock.now();
    if (kind === 'way') this.block();
    if (error === 'internal')
      this.logger.error({ err: failure.cause, id, template }, 'a mail could not be made');
    this.logger.debug({ id, channel, template, tries: message.tries, error }, 'a message was not sent');
    if (kind === 'refused') return this.giveUp(message, error, now);
    this.count(message, 'failed');
    await this.messages.postpone(message, error, now + delayAfter(message, kind, now));
  }

  private block(): void {
    // Perhaps it was one connection: a first probe does not wait for the next look.
    if (!this.isBlocked) setTimeout(() => this.fill(), PROBE_EVERY).unref();
    this.isBlocked = true;
    this.probedAt = performance.now();
  }

  private async expire(): Promise<void> {
    const now = await this.clock.now();
    for (let found = await this.messages.findExpired(now); found.length > 0;) {
      for (const message of found) await this.giveUp(message, message.error ?? 'expired', now);
      await sleep(1);
      found = await this.messages.findExpired(now);
    }
  }

  private async giveUp(message: OutboxMessage, error: string, now: Instant): Promise<void> {
    if (!(await this.messages.recordDead(message, error, now))) return;
    this.count(message, 'dead');
    const { id, channel, template } = message;
    this.logger.log({ id, channel, template, error }, 'a message was given up');
  }

  private count({ channel, template }: OutboxMessage, result: 'sent' | 'failed' | 'dead' | 'dropped'): void {
    this.results.inc({ channel, template, result });
  }
}

/** 10 s, 30 s, each minute in the first hour, then each half hour. A closed way is tried more often: one message at a time. */
function delayAfter(
  { tries, createdAt }: OutboxMessage,
  kind: DeliveryFailure['kind'],
  now: Instant,
): Duration {
  if (tries === 1) return 10 * SECOND;
  if (tries === 2 || kind === 'way') return 30 * SECOND;
  return now - createdAt < HOUR ? MINUTE : 30 * MINUTE;
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, In, LessThanOrEqual, MoreThan, type Repository } from 'typeorm';
import { DAY, MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { OutboxMessage, type MessageState } from './outbox-message.entity.js';

/** How long a message belongs to the sender that claimed it; more than a send may take. */
const LEASE: Duration = 60 * SECOND;

/** How many messages are looked for at once. */
const BATCH = 20;

/** Up to this age a message that was never tried may be sent before older ones. */
const FRESH_FOR: Duration = 15 * MINUTE;

/** How long a notice is tried again once an operator has asked for it. */
const ANOTHER_LIFE: Duration = 3 * DAY;

/** The secret is destroyed by the statement that says what became of the message. */
const DONE = { sealed: null, leasedUntil: 0 } as const;

export interface Waiting {
  readonly channel: string;
  readonly n: number;
  /** When the oldest was written. */
  readonly oldest: Instant;
}

/** The statements that move messages. Each is conditional, so that of two senders one finds that it came too late. */
@Injectable()
export class OutboxRepository {
  constructor(@InjectRepository(OutboxMessage) private readonly messages: Repository<OutboxMessage>) {}

  /** Messages that are due, the one that waits longest first. */
  async findDue(now: Instant): Promise<OutboxMessage[]> {
    const where = { ...isDue(now), expiresAt: MoreThan(now) };
    return this.messages.find({ where, order: { dueAt: 'ASC' }, take: BATCH });
  }

  /** Messages that were not tried yet, the newest first. */
  async findFresh(now: Instant): Promise<OutboxMessage[]> {
    const where = {
      ...isDue(now),
      dueAt: Between(now - FRESH_FOR, now),
      expiresAt: MoreThan(now),
      tries: 0,
    };
    return this.messages.find({ where, order: { dueAt: 'DESC' }, take: BATCH });
  }

  /** Messages that nobody sent in time. */
  async findExpired(now: Instant): Promise<OutboxMessage[]> {
    // `due_at` is never after `expires_at`, so its index finds them.
    const where = { ...isDue(now), expiresAt: LessThanOrEqual(now) };
    return this.messages.find({ where, order: { dueAt: 'ASC' }, take: BATCH });
  }

  /** Answers the message as ours, or nothing when another sender has it. */
  async claim(message: OutboxMessage, now: Instant): Promise<OutboxMessage | undefined> {
    const leasedUntil = now + LEASE;
    const claimed = { leasedUntil, tries: () => 'tries + 1' };
    const { affected } = await this.messages.update({ ...isDue(now), id: message.id }, claimed);
    return affected === 1 ? { ...message, leasedUntil, tries: message.tries + 1 } : undefined;
  }

  /** Also when the lease has run out: it was sent. Nothing stays that tells who it was for, not even of a deleted user. */
  async recordSent({ id, recipient }: OutboxMessage, now: Instant): Promise<void> {
    const sent = {
      ...DONE,
      state: 'sent',
      params: '{}',
      recipient: masked(recipient),
      error: null,
      doneAt: now,
    } as const;
    await this.messages.update({ id, state: 'waiting' }, sent);
  }

  /** Of a message that nobody is to get nothing stays. */
  async drop({ id }: OutboxMessage): Promise<void> {
    await this.messages.delete({ id, state: 'waiting' });
  }

  /** Answers whether it was this call that gave the message up. */
  async recordDead({ id, leasedUntil }: OutboxMessage, error: string, now: Instant): Promise<boolean> {
    const dead = { ...DONE, state: 'dead', error, doneAt: now } as const;
    const { affected } = await this.messages.update({ id, state: 'waiting', leasedUntil }, dead);
    return affected === 1;
  }

  /** Gives a message back, to be tried again at `dueAt`. */
  async postpone(
    { id, leasedUntil, expiresAt }: OutboxMessage,
    error: string,
    dueAt: Instant,
  ): Promise<void> {
    const waiting = { leasedUntil: 0, error, dueAt: Math.min(dueAt, expiresAt) };
    await this.messages.update({ id, state: 'waiting', leasedUntil }, waiting);
  }

  /** Gives a message back as it was. */
  async release({ id, leasedUntil, tries }: OutboxMessage): Promise<void> {
    await this.messages.update({ id, state: 'waiting', leasedUntil }, { leasedUntil: 0, tries: tries - 1 });
  }

  async countWaiting(): Promise<Waiting[]> {
    const query = this.messages.createQueryBuilder('m').where({ state: 'waiting' satisfies MessageState });
    const rows = await query
      .select('m.channel', 'channel')
      .addSelect('COUNT(*)', 'n')
      .addSelect('MIN(m.created_at)', 'oldest')
      .groupBy('m.channel')
      .getRawMany<Waiting>();
    return rows.map(({ channel, n, oldest }) => ({ channel, n: Number(n), oldest: Number(oldest) }));
  }

  /** The newest messages in a state. */
  async list(state: MessageState, limit: number): Promise<OutboxMessage[]> {
    return this.messages.find({ where: { state }, order: { createdAt: 'DESC' }, take: limit });
  }

  async find(id: string): Promise<OutboxMessage | null> {
    return this.messages.findOneBy({ id });
  }

  /** Makes a message due now, with all its tries again; answers whether it was still waiting or dead. */
  async makeDue({ id, expiresAt }: OutboxMessage, now: Instant): Promise<boolean> {
    const due = {
      state: 'waiting',
      dueAt: now,
      tries: 0,
      leasedUntil: 0,
      error: null,
      doneAt: null,
    } as const;
    const { affected } = await this.messages.update(
      { id, state: In(['waiting', 'dead']), leasedUntil: LessThanOrEqual(now) },
      { ...due, expiresAt: Math.max(expiresAt, now + ANOTHER_LIFE) },
    );
    return affected === 1;
  }

  async findOldestWaiting(): Promise<OutboxMessage | null> {
    return this.messages.findOne({ where: { state: 'waiting' }, order: { createdAt: 'ASC' } });
  }
}

function isDue(now: Instant) {
  return {
    state: 'waiting' as const,
    dueAt: LessThanOrEqual(now),
    leasedUntil: LessThanOrEqual(now),
  };
}

/** Enough for an operator who was asked, too little to write to. */
function masked(recipient: string): string {
  const [local = '', domain = ''] = recipient.split('@');
  return `${local.slice(0, 1)}***@${domain}`;
}

import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

export type MessageState = 'waiting' | 'sent' | 'dead';

/** A message that was written together with the change that it tells of, and is sent afterwards. */
@Entity('outbox')
@Index('outbox_due', ['state', 'dueAt'])
@Index('outbox_done_at', ['doneAt'])
export class OutboxMessage {
  /** Also the left half of the `Message-ID`. */
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('varchar', { length: 8 })
  channel!: string;

  /** `none` where there is nobody to write to. */
  @Column('varchar', { length: 32 })
  template!: string;

  /** Masked once it is sent; empty where there is nobody. */
  @Column('varchar', { length: 254 })
  recipient!: string;

  @Column('varchar', { length: 8 })
  language!: string;

  /** JSON; no secret. */
  @Column('varchar', { length: 1024 })
  params!: string;

  /** The code and the token, until the message is sent or dead. */
  @Column('varchar', { length: 512, nullable: true })
  sealed!: string | null;

  @Column('varchar', { length: 8 })
  state!: MessageState;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  /** When it is tried next; never after `expiresAt`. */
  @Column('bigint', { name: 'due_at' })
  dueAt!: Instant;

  /** After this it is not sent any more. */
  @Column('bigint', { name: 'expires_at' })
  expiresAt!: Instant;

  @Column('int')
  tries!: number;

  /** Until then it belongs to the sender that wrote this. */
  @Column('bigint', { name: 'leased_until' })
  leasedUntil!: Instant;

  /** Why the last try failed: names and numbers, never text of a mail server. */
  @Column('varchar', { length: 128, nullable: true })
  error!: string | null;

  /** When it became `sent` or `dead`. */
  @Column('bigint', { name: 'done_at', nullable: true })
  doneAt!: Instant | null;
}

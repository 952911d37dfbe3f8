import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** One line of the record of who did what. Only the retention sweep removes one, and nothing changes one. */
@Entity('audit_events')
@Index('audit_events_at', ['at', 'id'])
@Index('audit_events_actor', ['actorId', 'at', 'id'])
@Index('audit_events_target', ['targetId', 'at', 'id'])
@Index('audit_events_action', ['action', 'at', 'id'])
@Index('audit_events_outcome', ['outcome', 'at', 'id'])
@Index('audit_events_ip', ['ip', 'at', 'id'])
@Index('audit_events_seq', ['seq'], { unique: true })
@Index('audit_events_unnumbered', ['seq', 'at', 'id'])
export class AuditEvent {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('bigint')
  at!: Instant;

  /** Its place in the record, counted from 1 without a gap; null until the sequencer has numbered it. */
  @Column('bigint', { nullable: true })
  seq!: number | null;

  @Column('varchar', { name: 'actor_id', length: 36, nullable: true })
  actorId!: string | null;

  /** As it was then, so that the record still reads after a deletion; empty where nobody is known. */
  @Column('varchar', { name: 'actor_name', length: 32, default: '' })
  actorName!: string;

  @Column('varchar', { name: 'session_id', length: 36, nullable: true })
  sessionId!: string | null;

  @Column('varchar', { length: 32 })
  action!: string;

  @Column('varchar', { name: 'target_type', length: 16 })
  targetType!: string;

  @Column('varchar', { name: 'target_id', length: 36, nullable: true })
  targetId!: string | null;

  @Column('varchar', { length: 16 })
  outcome!: string;

  @Column('varchar', { length: 45 })
  ip!: string;

  @Column('varchar', { name: 'user_agent', length: 512 })
  userAgent!: string;

  @Column('varchar', { name: 'request_id', length: 64 })
  requestId!: string;

  /** JSON: names of changed fields, counts and reasons; never a value that a person typed. */
  @Column('text')
  detail!: string;
}

/** Where a page ends: its last event. The next page begins behind it, whatever has been recorded since. */
export type AuditCursor = Pick<AuditEvent, 'at' | 'id'>;

/** What numbering needs of an event. */
export type UnnumberedEvent = Pick<AuditEvent, 'id' | 'at' | 'action' | 'outcome'>;

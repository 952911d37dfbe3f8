import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** Why a session ended before its time. */
export type SessionEnd =
  'signed_out' | 'revoked' | 'replaced' | 'password_changed' | 'user_disabled' | 'user_deleted';

/** A signed-in device: one row from its sign-in to its end. */
@Entity('sessions')
@Index('sessions_refresh_digest', ['refreshDigest'], { unique: true })
@Index('sessions_user_live', ['userId', 'endedAt', 'createdAt', 'idleExpiresAt'])
@Index('sessions_idle_expires_at', ['idleExpiresAt'])
@Index('sessions_ended_at', ['endedAt'])
@ForeignKey('User', ['userId'], ['id'], {
  name: 'sessions_user_id',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class Session {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  /** SHA-256 of the refresh token; the token itself is stored nowhere. */
  @Column('varchar', { name: 'refresh_digest', length: 43 })
  refreshDigest!: string;

  @Column('varchar', { name: 'user_agent', length: 512 })
  userAgent!: string;

  /** The client's address at the sign-in. */
  @Column('varchar', { length: 45 })
  ip!: string;

  /** The client's address at the last renewal from another network; null while there was none. */
  @Column('varchar', { name: 'renewed_ip', length: 45, nullable: true })
  renewedIp!: string | null;

  /** When `renewedIp` was noted. */
  @Column('bigint', { name: 'renewed_ip_at', nullable: true })
  renewedIpAt!: Instant | null;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  @Column('bigint', { name: 'last_seen_at' })
  lastSeenAt!: Instant;

  /** The end without further use; moves with `lastSeenAt`. */
  @Column('bigint', { name: 'idle_expires_at' })
  idleExpiresAt!: Instant;

  /** The absolute end, which never moves. */
  @Column('bigint', { name: 'expires_at' })
  expiresAt!: Instant;

  @Column('bigint', { name: 'ended_at', nullable: true })
  endedAt!: Instant | null;

  @Column('varchar', { name: 'end_reason', length: 32, nullable: true })
  endReason!: SessionEnd | null;
}

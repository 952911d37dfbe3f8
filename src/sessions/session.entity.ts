import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** Why a session ended before its time. */
export type SessionEnd =
  | 'signed_out'
  | 'revoked'
  | 'replaced'
  | 'password_changed'
  | 'email_changed'
  | 'factors_changed'
  | 'factor_required'
  | 'user_disabled'
  | 'user_deleted';

/** Who holds a session: a device where somebody signed in, or a program with a key. */
export type SessionKind = 'device' | 'key';

/** A signed-in device or a key: one row from its beginning to its end. */
@Entity('sessions')
@Index('sessions_refresh_digest', ['refreshDigest'], { unique: true })
@Index('sessions_user_devices', ['userId', 'endedAt', 'createdAt', 'idleExpiresAt', 'kind'])
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

  @Column('varchar', { length: 8, default: 'device' })
  kind!: SessionKind;

  /** Of a key: a JSON list of the permissions beyond which it does nothing. Null for a device. */
  @Column('text', { nullable: true })
  scopes!: string | null;

  /** SHA-256 of the refresh token or the key, which are stored nowhere. */
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

  /** When the password was last given; null: at the sign-in, and never since. */
  @Column('bigint', { name: 'authenticated_at', nullable: true })
  authenticatedAt!: Instant | null;

  /** By what the person showed who they are: names of proofs, with commas between. */
  @Column('varchar', { length: 64, default: 'password' })
  proof!: string;

  /** 0 for a key that was never used. */
  @Column('bigint', { name: 'last_seen_at' })
  lastSeenAt!: Instant;

  /** The end without further use; moves with `lastSeenAt`, but for a key, which ends at `expiresAt` alone. */
  @Column('bigint', { name: 'idle_expires_at' })
  idleExpiresAt!: Instant;

  /** The absolute end. It never moves, except that a key which is replaced ends sooner. */
  @Column('bigint', { name: 'expires_at' })
  expiresAt!: Instant;

  @Column('bigint', { name: 'ended_at', nullable: true })
  endedAt!: Instant | null;

  @Column('varchar', { name: 'end_reason', length: 32, nullable: true })
  endReason!: SessionEnd | null;
}

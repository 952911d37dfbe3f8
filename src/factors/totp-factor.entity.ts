import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** A user's authenticator app (RFC 6238). */
@Entity('totp_factors')
@Index('totp_factors_key_id', ['keyId'])
@ForeignKey('User', ['userId'], ['id'], {
  name: 'totp_factors_user',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class TotpFactor {
  @PrimaryColumn('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  /** Sealed for this user. */
  @Column('varchar', { length: 512 })
  secret!: string;

  /** The key that it is sealed with. */
  @Column('varchar', { name: 'key_id', length: 64 })
  keyId!: string;

  /** The time step of the last code that was used: neither it nor one before is right again. */
  @Column('bigint', { name: 'last_step' })
  lastStep!: number;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  @Column('bigint', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Instant | null;
}

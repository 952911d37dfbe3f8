import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** A code that stands in for a lost factor, once. 120 random bits need no slow hash (OWASP ASVS 5.0, 6.5.2). */
@Entity('recovery_codes')
@ForeignKey('User', ['userId'], ['id'], {
  name: 'recovery_codes_user',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class RecoveryCode {
  @PrimaryColumn('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  /** SHA-256 of the user's id and the code. */
  @PrimaryColumn('varchar', { length: 43 })
  digest!: string;

  @Column('bigint', { name: 'used_at', nullable: true })
  usedAt!: Instant | null;
}

import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** What a code permits; a `ticket` is the mark of a challenge that was used. */
export type CodePurpose = 'signup' | 'password' | 'email' | 'invitation' | 'ticket';

/**
 * The one code of a person for a purpose. The code itself is stored nowhere: it is derived from this row with a key that
 * the database does not hold.
 */
@Entity('one_time_codes')
@Index('one_time_codes_user_id', ['userId'])
@Index('one_time_codes_expires_at', ['expiresAt'])
@ForeignKey('User', ['userId'], ['id'], {
  name: 'one_time_codes_user',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class OneTimeCode {
  @PrimaryColumn('varchar', { length: 16 })
  purpose!: CodePurpose;

  /** The user's id; of a name that nobody has, and of an address at sign-up, its keyed digest; of a ticket its nonce. */
  @PrimaryColumn('varchar', { length: 43 })
  subject!: string;

  @Column('varchar', { name: 'user_id', length: 36, nullable: true })
  userId!: string | null;

  /** The address that the code proves. Null: nobody's, and never to be spent. */
  @Column('varchar', { length: 254, nullable: true })
  recipient!: string | null;

  /** 16 random bytes. */
  @Column('varchar', { length: 22 })
  seed!: string;

  /** The key that the code is derived with. */
  @Column('varchar', { name: 'key_id', length: 64 })
  keyId!: string;

  /** The user's `credentialVersion` when the code was asked for: a change of the password ends it. */
  @Column('int', { name: 'user_version', nullable: true })
  userVersion!: number | null;

  @Column('bigint', { name: 'created_at' })
  createdAt!: Instant;

  @Column('bigint', { name: 'expires_at' })
  expiresAt!: Instant;

  @Column('bigint', { name: 'used_at', nullable: true })
  usedAt!: Instant | null;
}

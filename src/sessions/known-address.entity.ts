import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DAY, HOUR, type Duration, type Instant } from '../platform/time/clock.js';

/** An address is noted again only after this time, because each note costs a sign-in one more statement. */
export const ADDRESS_NOTED_EVERY: Duration = HOUR;

/** An address counts as the user's own for 30 days after the last sign-in there, which may not have been noted. */
export const ADDRESS_KNOWN_FOR: Duration = 30 * DAY + ADDRESS_NOTED_EVERY;

/** An address from which a user has opened a session; it outlives the session's row. */
@Entity('known_addresses')
@Index('known_addresses_signed_in_at', ['signedInAt'])
@ForeignKey('User', ['userId'], ['id'], {
  name: 'known_addresses_user',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class KnownAddress {
  @PrimaryColumn('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  /** An IPv4 address or an IPv6 /64, as in the attempt budgets. */
  @PrimaryColumn('varchar', { length: 45 })
  address!: string;

  @Column('bigint', { name: 'signed_in_at' })
  signedInAt!: Instant;
}

import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** What a key has beyond its session, by which it is found, is used and ends. */
@Entity('api_keys')
@ForeignKey('Session', ['sessionId'], ['id'], {
  name: 'api_keys_session',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class ApiKey {
  @PrimaryColumn('varchar', { name: 'session_id', length: 36 })
  sessionId!: string;

  @Column('varchar', { length: 64 })
  name!: string;

  /** The last four characters of the key. */
  @Column('varchar', { length: 4 })
  hint!: string;

  /** The id of the user who made it; null for an operator. */
  @Column('varchar', { name: 'created_by', length: 36, nullable: true })
  createdBy!: string | null;

  /** The key that took its place. */
  @Column('varchar', { name: 'replaced_by', length: 36, nullable: true })
  replacedBy!: string | null;

  /** A JSON list of addresses and CIDR networks from which alone it works; null: from anywhere. */
  @Column('varchar', { length: 1024, nullable: true })
  networks!: string | null;

  /** When the record told that it ends soon. */
  @Column('bigint', { name: 'warned_at', nullable: true })
  warnedAt!: Instant | null;
}

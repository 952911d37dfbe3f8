import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** A user's password, as its argon2id hash in PHC form and never otherwise. */
@Entity('password_credentials')
@ForeignKey('User', ['userId'], ['id'], {
  name: 'password_credentials_user',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class PasswordCredential {
  @PrimaryColumn('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  @Column('varchar', { length: 255 })
  hash!: string;

  @Column('bigint', { name: 'updated_at' })
  updatedAt!: Instant;
}

import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** What the list of users finds somebody by, as `searchTerms` makes it of their names and addresses. */
@Entity('user_search_terms')
@Index('user_search_terms_user', ['userId', 'term'])
@ForeignKey('User', ['userId'], ['id'], {
  name: 'user_search_terms_user_id',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class UserSearchTerm {
  @PrimaryColumn('varchar', { length: 100 })
  term!: string;

  @PrimaryColumn('varchar', { name: 'user_id', length: 36 })
  userId!: string;

  /** Never changes; here, too, so that the newest of those found are known without reading their rows. */
  @Column('bigint', { name: 'user_created_at' })
  userCreatedAt!: Instant;
}

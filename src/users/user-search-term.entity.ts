import { Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** What the list of users finds somebody by, as `searchTerms` makes it of their names and addresses. */
@Entity('user_search_terms')
@Index('user_search_terms_term', ['term', 'shortId'])
@ForeignKey('User', ['shortId'], ['shortId'], {
  name: 'user_search_terms_short_id',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class UserSearchTerm {
  @PrimaryColumn('bigint', { name: 'short_id' })
  shortId!: number;

  @PrimaryColumn('varchar', { length: 100 })
  term!: string;
}

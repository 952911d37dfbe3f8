import { Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** A text by which the list of users finds a user; made by `searchTerms`. */
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

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { searchTerms, type Searched } from './search-terms.js';
import { UserSearchTerm } from './user-search-term.entity.js';
import { shortIdOf, type User } from './user.entity.js';

/** Rows of one statement; one user never has as many. */
const BATCH = 500;

/** The search terms of users. Change them in the transaction that changes the user. */
@Injectable()
export class UserSearchTermsRepository {
  constructor(@InjectRepository(UserSearchTerm) private readonly terms: Repository<UserSearchTerm>) {}

  /** For users who have none yet. */
  async insert(users: ReadonlyArray<Searched & Pick<User, 'id'>>): Promise<void> {
    const rows = users.flatMap((user) =>
      searchTerms(user).map((term) => ({ shortId: shortIdOf(user.id), term })),
    );
    for (let from = 0; from < rows.length; from += BATCH) {
      await this.terms.insert(rows.slice(from, from + BATCH));
    }
  }

  /** Brings the terms up to date with the user's row; writes only what differs. */
  async refresh(userId: string): Promise<void> {
    const shortId = shortIdOf(userId);
    const rows = await this.terms.query<Array<Searched & { term: string | null }>>(
      `SELECT username, full_name AS "fullName", email, phone, term
       FROM users u LEFT JOIN user_search_terms t ON t.short_id = u.short_id WHERE u.id = ?`,
      [userId],
    );
    const [user] = rows;
    if (user === undefined) return;
    const wanted = new Set(searchTerms(user));
    const present = new Set(rows.map(({ term }) => term));
    const gone = [...present].filter((term) => term !== null).filter((term) => !wanted.has(term));
    if (gone.length > 0) await this.terms.delete({ shortId, term: In(gone) });
    const added = [...wanted].filter((term) => !present.has(term));
    if (added.length > 0) await this.terms.insert(added.map((term) => ({ shortId, term })));
  }
}

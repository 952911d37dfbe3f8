import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { insertStatement } from '../database/entity-statements.js';
import { searchTerms, type Searched } from './search-terms.js';
import { UserSearchTerm } from './user-search-term.entity.js';
import type { User } from './user.entity.js';

const INSERT = insertStatement(UserSearchTerm, 'user_search_terms');

/** Rows of one statement; nobody alone has so many. */
const BATCH = 500;

/** The search terms of users. Each change belongs into the transaction that changes the user. */
@Injectable()
export class UserSearchTermsRepository {
  constructor(private readonly database: Database) {}

  /** Of users who have none yet. */
  async insert(users: ReadonlyArray<Searched & Pick<User, 'id' | 'createdAt'>>): Promise<void> {
    const rows = users.flatMap((user) =>
      searchTerms(user).map((term) => ({ term, userId: user.id, userCreatedAt: user.createdAt })),
    );
    for (let from = 0; from < rows.length; from += BATCH) {
      const part = rows.slice(from, from + BATCH);
      await this.database.execute(INSERT.sqlForRows(part.length), part.flatMap(INSERT.values));
    }
  }

  /** Makes the terms those of the user's row as it is now, and writes only what differs. */
  async refresh(userId: string): Promise<void> {
    const rows = await this.database.query<
      Array<Searched & Pick<User, 'createdAt'> & { term: string | null }>
    >(
      `SELECT username, full_name AS "fullName", email, phone, created_at AS "createdAt", term
       FROM users LEFT JOIN user_search_terms ON user_id = id WHERE id = ?`,
      [userId],
    );
    const [user] = rows;
    if (user === undefined) return;
    const wanted = new Set(searchTerms(user));
    const present = new Set(rows.map(({ term }) => term));
    const gone = [...present].filter((term) => term !== null && !wanted.has(term));
    if (gone.length > 0) {
      await this.database.execute(
        `DELETE FROM user_search_terms WHERE user_id = ? AND term IN (${gone.map(() => '?').join(', ')})`,
        [userId, ...gone],
      );
    }
    const added = [...wanted].filter((term) => !present.has(term));
    const values = added.flatMap((term) => INSERT.values({ term, userId, userCreatedAt: user.createdAt }));
    if (added.length > 0) await this.database.execute(INSERT.sqlForRows(added.length), values);
  }
}

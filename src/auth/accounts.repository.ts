import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import type { Identifier } from '../users/identifiers.js';
import { User } from '../users/user.entity.js';

/** What a sign-in asks about an account. */
export interface Account {
  readonly user: User;
  /** The stored password, if it has one. */
  readonly hash: string | null;
  /** When a sign-in from the client's network was last noted. */
  readonly addressNotedAt: Instant | null;
}

type Row = User & Pick<Account, 'hash' | 'addressNotedAt'>;

// No join: SQLite would plan it anew for every call.
const SELECT = `
  SELECT ${columnList(User)},
    (SELECT hash FROM password_credentials WHERE user_id = users.id) AS hash,
    (SELECT signed_in_at FROM known_addresses WHERE user_id = users.id AND address = ?) AS "addressNotedAt"
  FROM users`;

/** Accounts as a sign-in sees them: of three tables, because each statement costs it more than what they hold. */
@Injectable()
export class AccountsRepository {
  constructor(private readonly database: Database) {}

  /** @param network the client's, as attempts are counted */
  async find({ kind, value }: Identifier, network: string): Promise<Account | undefined> {
    const rows = await this.database.query<Row[]>(`${SELECT} WHERE ${kind} = ?`, [network, value]);
    if (rows[0] === undefined) return undefined;
    const { hash, addressNotedAt, ...user } = rows[0];
    return { user, hash, addressNotedAt };
  }
}

import type { SqlValue } from '../database/database.js';
import { prefixRange, searchForm } from './search-form.js';
import type { UserStatus } from './user.entity.js';

/** A piece of SQL with the values of its places. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** One filter of the list of users, in the forms that the plans of `UserSearch` are made from. */
export interface UserFilter {
  readonly kind: 'q' | 'role' | 'created' | 'status';
  /** As a condition on a row of `users u` that an index may serve. */
  readonly condition: Sql;
  /** The same in words that no index serves, for where another index is to be read in its order. */
  readonly test: Sql;
  /** The test as a join, where a row that is no table's own is tested: MariaDB loses its name inside a subquery. */
  readonly join?: Sql;
  /** The ids that it selects, by an index of its own. */
  readonly ids: Sql;
  /** The same, as far as it takes to count them up to a limit. */
  readonly first?: (limit: number) => Sql;
  /** The same with all that a list tests and sorts by, where the index carries it. */
  readonly rows?: Sql;
}

/** What a list tests and sorts by; the indexes of the search carry it. */
export const LISTED = 'id, username, status, created_at, last_sign_in_at';

/** The columns that a search looks into, each with an index of its own. */
const SEARCHED = ['username', 'email', 'phone', 'search_name'] as const;

/** Users of whom one of these columns begins with `q`. */
export function searchFilter(q: string): UserFilter {
  const { from, below } = prefixRange(searchForm(q));
  const values = SEARCHED.flatMap(() => [from, below]);
  const anyOf = (column: (name: string) => string) =>
    `(${SEARCHED.map((name) => `(${column(name)} >= ? AND ${column(name)} < ?)`).join(' OR ')})`;
  const select = (columns: string) =>
    SEARCHED.map((name) => `SELECT ${columns} FROM users WHERE ${name} >= ? AND ${name} < ?`).join(' UNION ');
  return {
    kind: 'q',
    condition: { text: anyOf((name) => `u.${name}`), values },
    test: { text: anyOf((name) => `COALESCE(u.${name}, '')`), values },
    ids: { text: select('id'), values },
    // A UNION is made whole before a LIMIT around it counts, so each of its parts has one.
    first: (limit) => ({
      text: SEARCHED.map(
        (name) =>
          `SELECT id FROM (SELECT id FROM users WHERE ${name} >= ? AND ${name} < ? LIMIT ?) by_${name}`,
      ).join(' UNION '),
      values: SEARCHED.flatMap(() => [from, below, limit]),
    }),
    rows: { text: select(LISTED), values },
  };
}

export function roleFilter(roleId: string): UserFilter {
  const values = [roleId];
  return {
    kind: 'role',
    condition: { text: 'u.id IN (SELECT user_id FROM user_roles WHERE role_id = ?)', values },
    // MySQL would turn IN and EXISTS into a join that begins with the holders.
    test: {
      text: '(SELECT 1 FROM user_roles held WHERE held.user_id = u.id AND held.role_id = ?) = 1',
      values,
    },
    // By the index that keeps the holders of a role side by side: thousands of rows at random places of the primary key
    // would each be a page to read. The moment of creation says almost which holder; COALESCE keeps the key out of it.
    join: {
      text: `JOIN user_roles held ON held.role_id = ? AND held.user_created_at = u.created_at
         AND COALESCE(held.user_id, '') = u.id`,
      values,
    },
    ids: { text: 'SELECT user_id AS id FROM user_roles WHERE role_id = ?', values },
  };
}

/** Users created between two instants; both belong to the range. */
export function createdFilter(from = 0, to = Number.MAX_SAFE_INTEGER): UserFilter {
  const values = [from, to];
  return {
    kind: 'created',
    condition: { text: 'u.created_at >= ? AND u.created_at <= ?', values },
    test: { text: 'COALESCE(u.created_at, 0) >= ? AND COALESCE(u.created_at, 0) <= ?', values },
    ids: { text: 'SELECT id FROM users WHERE created_at >= ? AND created_at <= ?', values },
  };
}

export function statusFilter(status: UserStatus): UserFilter {
  const values = [status];
  return {
    kind: 'status',
    condition: { text: 'u.status = ?', values },
    test: { text: "COALESCE(u.status, '') = ?", values },
    ids: { text: 'SELECT id FROM users WHERE status = ?', values },
  };
}

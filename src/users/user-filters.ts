import type { SqlValue } from '../database/database.js';
import { rangeOf } from './search-terms.js';
import type { ListUsersQuery } from './users.dto.js';

/** A filter of the list of users. An index of `table` tells whom it lets through. */
export interface UserFilter {
  readonly table: 'users' | 'user_roles' | 'user_search_terms';
  /** The column of `table` that names the user, and its counterpart in `users`. */
  readonly key: 'id' | 'user_id' | 'short_id';
  readonly userKey: 'id' | 'short_id';
  /** The condition on rows of `table`: a column and what follows it in SQL. */
  readonly column: string;
  readonly passes: string;
  readonly values: readonly SqlValue[];
  /** Whether a user can stand in the index more than once. */
  readonly repeats?: boolean;
  /** How many it lets through, up to a bound; infinite if not counted. */
  readonly size: number;
}

const OF_USERS = { table: 'users', key: 'id', userKey: 'id', size: Infinity } as const;
const BETWEEN = 'BETWEEN ? AND ?';

/** Leaves out service accounts. No list begins with it, because nearly everybody passes; `UserSearch` writes its test. */
export const PEOPLE: UserFilter = { ...OF_USERS, column: 'kind', passes: "<> 'service'", values: [] };

/** The few service accounts. The LIMIT has MySQL read them once, and not ask for the row of each user. */
export const SERVICE_ACCOUNTS = (key: 'id' | 'short_id') =>
  `(SELECT ${key} FROM (SELECT ${key} FROM users WHERE kind = 'service' LIMIT 1000000) service_accounts)`;

/** Users who have a search term that begins with the word. */
export function wordFilter(word: string): UserFilter {
  const column = { column: 'term', passes: BETWEEN, values: rangeOf(word) };
  return { table: 'user_search_terms', key: 'short_id', userKey: 'short_id', size: Infinity, ...column };
}

/** Users who hold one of these roles. Somebody who holds several stands in the index several times. */
export function rolesFilter(roleIds: readonly string[]): UserFilter {
  const passes = `IN (${roleIds.map(() => '?').join(', ')})`;
  const column = { column: 'role_id', passes, values: roleIds, repeats: true };
  return { ...OF_USERS, table: 'user_roles', key: 'user_id', ...column };
}

/** The filters of a query beside `q`. */
export function filtersOf({ role, kind, status, created_from, created_to }: ListUsersQuery): UserFilter[] {
  const filters: UserFilter[] = [];
  if (kind === 'service') filters.push({ ...OF_USERS, column: 'kind', passes: '= ?', values: [kind] });
  if (role !== undefined) {
    const passes = '= (SELECT id FROM roles WHERE role_key = ?)';
    const column = { column: 'role_id', passes, values: [role] };
    filters.push({ ...OF_USERS, table: 'user_roles', key: 'user_id', ...column });
  }
  if (created_from !== undefined || created_to !== undefined) {
    const values = [created_from ?? 0, created_to ?? Number.MAX_SAFE_INTEGER];
    filters.push({ ...OF_USERS, column: 'created_at', passes: BETWEEN, values });
  }
  if (status !== undefined) filters.push({ ...OF_USERS, column: 'status', passes: '= ?', values: [status] });
  return filters;
}

import type { SqlValue } from '../database/database.js';
import { prefixRange } from './search-terms.js';
import type { ListUsersQuery } from './users.dto.js';

/** A piece of SQL with the values of its places. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** A filter of the list of users. An index tells whom it lets through, with the moment each was created. */
export interface UserFilter {
  readonly kind: 'word' | 'role' | 'status' | 'created';
  readonly table: string;
  readonly id: string;
  readonly createdAt: string;
  readonly condition: Sql;
}

/** Users of whom one search term begins so. */
export function wordFilter(word: string): UserFilter {
  const { from, below } = prefixRange(word);
  const condition = { text: 'term >= ? AND term < ?', values: [from, below] };
  return { kind: 'word', table: 'user_search_terms', id: 'user_id', createdAt: 'user_created_at', condition };
}

/** The filters of a query beside `q`. */
export function filtersOf({
  role,
  status,
  created_from: from,
  created_to: to,
}: ListUsersQuery): UserFilter[] {
  const users = { table: 'users', id: 'id', createdAt: 'created_at' };
  const filters: UserFilter[] = [];
  if (role !== undefined) {
    const condition = { text: 'role_id = (SELECT id FROM roles WHERE role_key = ?)', values: [role] };
    filters.push({
      kind: 'role',
      table: 'user_roles',
      id: 'user_id',
      createdAt: 'user_created_at',
      condition,
    });
  }
  if (from !== undefined || to !== undefined) {
    const condition = {
      text: 'created_at >= ? AND created_at <= ?',
      values: [from ?? 0, to ?? Number.MAX_SAFE_INTEGER],
    };
    filters.push({ ...users, kind: 'created', condition });
  }
  if (status !== undefined)
    filters.push({ ...users, kind: 'status', condition: { text: 'status = ?', values: [status] } });
  return filters;
}

export function all(conditions: readonly Sql[]): Sql {
  return {
    text: conditions.length === 0 ? '1 = 1' : conditions.map(({ text }) => text).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  };
}

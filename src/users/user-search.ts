import { Injectable } from '@nestjs/common';
import { roleKeysOf } from '../access/access.repository.js';
import { Database } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import {
  cappedCount,
  LIST_WINDOW,
  limitAndOffset,
  withTotal,
  type Slice,
} from '../platform/http/list-query.js';
import type { Sort } from '../platform/http/query-values.js';
import { User } from './user.entity.js';
import {
  createdFilter,
  LISTED,
  roleFilter,
  searchFilter,
  statusFilter,
  type Sql,
  type UserFilter,
} from './user-filters.js';
import type { ListUsersQuery } from './users.dto.js';
import { withRoles, type RowWithRoles, type UserWithRoles } from './users.repository.js';

export type UserSort = 'created_at' | 'username' | 'last_sign_in_at';

const COLUMNS = columnList(User)
  .split(', ')
  .map((column) => `u.${column}`)
  .join(', ');

/** The size of database that the choice of plan is made for. */
const USERS = 1_000_000;

/** How many rows may be looked up at most: some tenths of a second, where they have to be read from the disk. */
const MOST_LOOKED_UP = 50_000;

/**
 * The list of users, at a cost that does not grow with their number.
 *
 * Without a selective filter an index that has the order of the sort is read until the page is full. With one, the
 * ids that the filter selects are looked up and sorted, if they are few enough. The measure is that a page which ends
 * at position `p` costs `p × users ÷ matches` rows by the first way, and `matches` rows by the second.
 * docs/performance.md shows the plans.
 */
@Injectable()
export class UserSearch {
  constructor(private readonly database: Database) {}

  async find(query: ListUsersQuery): Promise<Slice<UserWithRoles>> {
    const filters = await this.filtersOf(query);
    if (filters === undefined) return { rows: [], total: 0 };
    const [limit, offset] = limitAndOffset(query);
    const page = await this.pageOf(filters, query.sort, offset + limit);
    const rows = await this.database.query<RowWithRoles[]>(
      `SELECT ${COLUMNS}, ${roleKeysOf('u.id')} AS "roleKeys" FROM (${page.text} LIMIT ? OFFSET ?) page JOIN users u ON u.id = page.id
       ORDER BY ${orderBy(query.sort)}`,
      [...page.values, limit, offset],
    );
    return withTotal(query, rows.map(withRoles), () => this.total(filters));
  }

  /** Nothing at all can match when this answers nothing. */
  private async filtersOf(query: ListUsersQuery): Promise<UserFilter[] | undefined> {
    const { q, role, status, created_from: from, created_to: to } = query;
    const filters: UserFilter[] = [];
    if (q !== undefined) filters.push(searchFilter(q));
    if (role !== undefined) {
      const rows = await this.database.query<Array<{ id: string }>>(
        'SELECT id FROM roles WHERE role_key = ?',
        [role],
      );
      if (rows[0] === undefined) return undefined;
      filters.push(roleFilter(rows[0].id));
    }
    if (from !== undefined || to !== undefined) filters.push(createdFilter(from, to));
    if (status !== undefined) filters.push(statusFilter(status));
    return filters;
  }

  /** The ids of all that match, in order; the caller takes its page of them. */
  private async pageOf(filters: readonly UserFilter[], sort: Sort<UserSort>, end: number): Promise<Sql> {
    const bearable = Math.min(MOST_LOOKED_UP, Math.max(LIST_WINDOW, Math.ceil(Math.sqrt(end * USERS))));
    const driver = comesInOrder(filters, sort) ? undefined : await this.fewest(filters, bearable);
    if (driver !== undefined) return ordered(lookUp(filters, driver), sort);
    const role = filters.find(({ kind }) => kind === 'role');
    return role !== undefined && sort.field === 'created_at'
      ? walkRole(filters, role, sort)
      : ordered(walkUsers(filters, sort.field), sort);
  }

  private async total(filters: readonly UserFilter[]): Promise<number> {
    const [only, ...others] = filters;
    if (only === undefined) return this.count({ text: 'SELECT id FROM users', values: [] });
    if (others.length === 0) return this.count(only.first?.(LIST_WINDOW) ?? only.ids);
    const driver = await this.fewest(filters, MOST_LOOKED_UP);
    return this.count(driver === undefined ? matching(filters) : lookUp(filters, driver));
  }

  /** The filter whose ids cost least to look up, if they cost no more than so many rows. */
  private async fewest(filters: readonly UserFilter[], bearable: number): Promise<UserFilter | undefined> {
    let fewest: UserFilter | undefined;
    let fewestCost = bearable;
    for (const filter of filters) {
      const most = Math.floor(fewestCost / costOf(filter));
      const { text, values } = filter.first?.(most + 1) ?? filter.ids;
      const [counted] = await this.database.query<Array<{ size: number }>>(
        `SELECT COUNT(*) AS size FROM (SELECT id FROM (${text}) ids LIMIT ?) counted`,
        [...values, most + 1],
      );
      const size = counted?.size ?? 0;
      if (size > most) continue;
      fewest = filter;
      fewestCost = size * costOf(filter);
    }
    return fewest;
  }

  private async count({ text, values }: Sql): Promise<number> {
    const [counted] = await this.database.query<Array<{ total: number }>>(
      cappedCount(`SELECT id FROM (${text}) found`),
      values,
    );
    return counted?.total ?? 0;
  }
}

/** What an id of the filter costs: a row at a random place, or an entry of an index beside its neighbours. */
function costOf({ rows }: UserFilter): number {
  return rows === undefined ? 1 : 0.5;
}

/** Whether an index gives what passes all filters in the order of the sort, so that nothing needs to be looked up. */
function comesInOrder(filters: readonly UserFilter[], { field }: Sort<UserSort>): boolean {
  const kinds = filters.map(({ kind }) => kind).join(' ');
  if (kinds === '' || kinds === 'status') return true;
  return field === 'created_at' && ['created', 'created status', 'role', 'role created'].includes(kinds);
}

/**
 * What one filter selects, each looked up unless its index tells enough, and tested by the others. In order of the
 * ids, because that reads each page of a table once; with a LIMIT, because without one MySQL drops the order and
 * plans across the border. LEFT, because an inner join might begin with the users.
 */
function lookUp(filters: readonly UserFilter[], driver: UserFilter): Sql {
  const others = filters.filter((filter) => filter !== driver);
  const joins = others.flatMap(({ join }) => (join === undefined ? [] : [join]));
  const tests = all(others.map(({ join, test }) => (join === undefined ? test : HOLDS)));
  const chosen = (columns: string, from: string) =>
    `(SELECT ${columns} FROM (${from}) chosen ORDER BY id LIMIT ${USERS})`;
  const from = driver.rows
    ? `${chosen(LISTED, driver.rows.text)} u`
    : `${chosen('id', driver.ids.text)} driver LEFT JOIN users u ON u.id = driver.id`;
  return {
    text: `SELECT u.id FROM ${from} ${joins.map(({ text }) => `LEFT ${text}`).join(' ')} WHERE ${tests.text}`,
    values: [...driver.ids.values, ...joins.flatMap(({ values }) => values), ...tests.values],
  };
}

/** That a LEFT JOIN with the holders of a role has found one, in words that do not make it an inner one. */
const HOLDS: Sql = { text: "COALESCE(held.user_id, '') <> ''", values: [] };

/** All users in the order of an index, which carries the status and the sort; the rest is tested on each. */
function walkUsers(filters: readonly UserFilter[], sort: UserSort): Sql {
  const isOfIndex = ({ kind }: UserFilter) =>
    kind === 'status' || (kind === 'created' && sort === 'created_at');
  const conditions = filters.map((filter) => (isOfIndex(filter) ? filter.condition : filter.test));
  const { text, values } = all(
    filters.some(isOfIndex) ? conditions : [...conditions, { text: WHOLE[sort], values: [] }],
  );
  return { text: `SELECT u.id FROM users u WHERE ${text}`, values };
}

/**
 * A column from its first to its last value, said as a range: without one, MariaDB 10.11 forgets that the index alone
 * will do when a prepared statement is executed again after its connection has changed the table, and sorts everybody.
 */
const WHOLE: Readonly<Record<UserSort, string>> = {
  created_at: 'u.created_at >= 0',
  username: "u.username >= ''",
  last_sign_in_at: '(u.last_sign_in_at IS NULL OR u.last_sign_in_at >= 0)',
};

/** All holders of a role in order of their creation, which the index of the role carries. */
function walkRole(filters: readonly UserFilter[], role: UserFilter, { descending }: Sort<UserSort>): Sql {
  const direction = descending ? 'DESC' : 'ASC';
  const created = filters.filter(({ kind }) => kind === 'created').map(({ condition }) => condition);
  const tests = filters.filter(({ kind }) => kind === 'q' || kind === 'status').map(({ test }) => test);
  const range = all(
    created.map(({ text, values }) => ({
      text: text.replaceAll('u.created_at', 'held.user_created_at'),
      values,
    })),
  );
  const tested = all(tests);
  // A scalar subquery and not a join, which MySQL would begin with the users.
  const rest =
    tests.length === 0 ? '' : ` AND (SELECT 1 FROM users u WHERE u.id = held.user_id AND ${tested.text}) = 1`;
  return {
    text: `SELECT held.user_id AS id FROM user_roles held WHERE held.role_id = ? AND ${range.text}${rest}
       ORDER BY held.user_created_at ${direction}, held.user_id ${direction}`,
    values: [...role.ids.values, ...range.values, ...tested.values],
  };
}

/** Whatever matches, in no order, by the index that the database finds best. */
function matching(filters: readonly UserFilter[]): Sql {
  const { text, values } = all(filters.map(({ condition }) => condition));
  return { text: `SELECT u.id FROM users u WHERE ${text}`, values };
}

function all(conditions: readonly Sql[]): Sql {
  return {
    text: conditions.length === 0 ? '1 = 1' : conditions.map(({ text }) => text).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  };
}

function ordered({ text, values }: Sql, sort: Sort<UserSort>): Sql {
  return { text: `${text} ORDER BY ${orderBy(sort)}`, values };
}

function orderBy({ field, descending }: Sort<UserSort>): string {
  const direction = descending ? 'DESC' : 'ASC';
  // User names differ, and MySQL would not use their index for a second column.
  return field === 'username' ? `u.username ${direction}` : `u.${field} ${direction}, u.id ${direction}`;
}

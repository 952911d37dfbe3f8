import { Injectable } from '@nestjs/common';
import { Database, type SqlValue } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import { cappedCount, LIST_WINDOW, limitAndOffset, type Slice } from '../platform/http/list-query.js';
import type { Sort } from '../platform/http/query-parameters.js';
import { prefixRange, searchForm } from './search-form.js';
import { User, type UserStatus } from './user.entity.js';
import type { ListUsersQuery } from './users.dto.js';

export type UserSort = 'created_at' | 'username' | 'last_sign_in_at';

/** A piece of SQL with the values of its places. */
interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** One filter: as a condition on a row of `users u`, and as the ids that it selects by an index of its own. */
interface Filter {
  readonly condition: Sql;
  readonly ids?: Sql;
  /** The sort in which its ids come by themselves. */
  readonly ordered?: UserSort;
}

const COLUMNS = columnList(User)
  .split(', ')
  .map((column) => `u.${column}`)
  .join(', ');

/** The columns that a search looks into, each with an index of its own. */
const SEARCHED = ['username', 'email', 'phone', 'search_name'] as const;

/** The size of database that the choice of plan is made for. */
const USERS = 1_000_000;

/**
 * The list of users, at a cost that does not grow with their number.
 *
 * Without a selective filter the index of the sort is read until the page is full. With one, the ids that the filter
 * selects are looked up and sorted, if there are few enough of them. The measure is that a page at position `p` costs
 * `p × users ÷ matches` rows by the first way and `matches` rows by the second. docs/performance.md shows the plans.
 */
@Injectable()
export class UserSearch {
  constructor(private readonly database: Database) {}

  async find(query: ListUsersQuery): Promise<Slice<User>> {
    const filters = await this.filtersOf(query);
    if (filters === undefined) return { rows: [], total: 0 };
    const [limit, offset] = limitAndOffset(query);
    const driver = await this.driverOf(filters, query.sort.field, offset + limit);
    const page = selectIds(filters, driver?.filter, query.sort);
    const rows = await this.database.query<User>(
      `SELECT ${COLUMNS} FROM (${page.text} LIMIT ? OFFSET ?) page JOIN users u ON u.id = page.id
       ORDER BY ${orderBy(query.sort)}`,
      [...page.values, limit, offset],
    );
    return { rows, total: await this.total(filters, driver) };
  }

  /** Nothing at all matches when this answers nothing. */
  private async filtersOf(query: ListUsersQuery): Promise<Filter[] | undefined> {
    const filters: Filter[] = [];
    if (query.q !== undefined) filters.push(searchFilter(query.q));
    if (query.role !== undefined) {
      const rows = await this.database.query<{ id: string }>('SELECT id FROM roles WHERE role_key = ?', [
        query.role,
      ]);
      const role = rows[0];
      if (role === undefined) return undefined;
      filters.push(roleFilter(role.id));
    }
    const { created_from: from, created_to: to } = query;
    if (from !== undefined || to !== undefined) filters.push(createdFilter(from, to));
    if (query.status !== undefined) filters.push(statusFilter(query.status));
    return filters;
  }

  /** The filter whose ids are to be looked up and sorted, with how many they are; none: read the index of the sort. */
  private async driverOf(filters: readonly Filter[], sort: UserSort | undefined, position: number) {
    const bearable = Math.max(LIST_WINDOW, Math.ceil(Math.sqrt(position * USERS)));
    for (const filter of filters) {
      if (filter.ids === undefined || filter.ordered === sort) continue;
      const [counted] = await this.database.query<{ size: number }>(
        `SELECT COUNT(*) AS size FROM (SELECT id FROM (${filter.ids.text}) ids LIMIT ${bearable + 1}) counted`,
        filter.ids.values,
      );
      const size = counted?.size ?? 0;
      if (size <= bearable) return { filter, size };
    }
    return undefined;
  }

  private async total(
    filters: readonly Filter[],
    paged: { filter: Filter; size: number } | undefined,
  ): Promise<number> {
    const driver = paged ?? (await this.driverOf(filters, undefined, LIST_WINDOW));
    if (driver !== undefined && filters.length === 1) return Math.min(driver.size, LIST_WINDOW);
    const { text, values } = selectIds(filters, driver?.filter);
    const [counted] = await this.database.query<{ total: number }>(cappedCount(text), values);
    return counted?.total ?? 0;
  }
}

/** The ids of what passes all filters: those of the driver, or else all, by the index of the sort. */
function selectIds(filters: readonly Filter[], driver: Filter | undefined, sort?: Sort<UserSort>): Sql {
  const others = filters.filter((filter) => filter !== driver).map(({ condition }) => condition);
  const from = driver?.ids ? `(${driver.ids.text}) driver JOIN users u ON u.id = driver.id` : 'users u';
  const where = others.length === 0 ? '' : ` WHERE ${others.map(({ text }) => text).join(' AND ')}`;
  return {
    text: `SELECT u.id FROM ${from}${where}${sort === undefined ? '' : ` ORDER BY ${orderBy(sort)}`}`,
    values: [...(driver?.ids?.values ?? []), ...others.flatMap(({ values }) => values)],
  };
}

function orderBy({ field, descending }: Sort<UserSort>): string {
  const direction = descending ? 'DESC' : 'ASC';
  return `u.${field} ${direction}, u.id ${direction}`;
}

function searchFilter(q: string): Filter {
  const { from, below } = prefixRange(searchForm(q));
  const values = SEARCHED.flatMap(() => [from, below]);
  const matches = SEARCHED.map((column) => `(u.${column} >= ? AND u.${column} < ?)`).join(' OR ');
  const ids = SEARCHED.map((column) => `SELECT id FROM users WHERE ${column} >= ? AND ${column} < ?`).join(
    ' UNION ',
  );
  return { condition: { text: `(${matches})`, values }, ids: { text: ids, values } };
}

function roleFilter(roleId: string): Filter {
  return {
    condition: {
      text: 'EXISTS (SELECT 1 FROM user_roles held WHERE held.user_id = u.id AND held.role_id = ?)',
      values: [roleId],
    },
    ids: { text: 'SELECT user_id AS id FROM user_roles WHERE role_id = ?', values: [roleId] },
  };
}

/** Both ends belong to the range. */
function createdFilter(from = 0, to = Number.MAX_SAFE_INTEGER): Filter {
  return {
    condition: { text: 'u.created_at >= ? AND u.created_at <= ?', values: [from, to] },
    ids: { text: 'SELECT id FROM users WHERE created_at >= ? AND created_at <= ?', values: [from, to] },
    ordered: 'created_at',
  };
}

/** Its indexes carry every sort, so it needs no ids of its own. */
function statusFilter(status: UserStatus): Filter {
  return { condition: { text: 'u.status = ?', values: [status] } };
}

import { Injectable } from '@nestjs/common';
import { AccessPermissions } from '../access/access.permissions.js';
import { AccessService } from '../access/access.service.js';
import { Database, type SqlValue } from '../database/database.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import {
  cappedCount,
  LIST_WINDOW,
  limitAndOffset,
  withTotal,
  type Slice,
} from '../platform/http/list-query.js';
import type { Actor } from '../platform/security/auth-context.js';
import type { Sort } from '../platform/http/query-values.js';
import { isWord, searchedPhone, searchWords } from './search-terms.js';
import {
  filtersOf,
  PEOPLE,
  rolesFilter,
  SERVICE_ACCOUNTS,
  wordFilter,
  type UserFilter,
} from './user-filters.js';
import type { ListUsersQuery } from './users.dto.js';
import { WITH_ROLES, withRoles, type RowWithRoles, type UserWithRoles } from './users.repository.js';

export type UserSort = 'created_at' | 'username' | 'last_sign_in_at';

/** Plans are chosen as for a database with this many users. */
const USERS = 1_000_000;

/** More candidates than this are not sorted; it takes some tenths of a second if their rows come from the disk. */
const MOST_SORTED = 50_000;

/** Further words of a search are only tested on the users whom these find. */
const MOST_COUNTED_WORDS = 4;

/** Testing one candidate costs as much as reading this many neighbours in an index. */
const TEST_COST = 8;

/** Where a plan begins, and its SQL names for a user's id and dates; `u` is the user's row. */
interface Start {
  readonly from: string;
  readonly where: string;
  readonly values: readonly SqlValue[];
  readonly id: string;
  readonly shortId: string;
  readonly createdAt: string;
  readonly fulfils: readonly UserFilter[];
  /** How the row is found, where `from` is not `users u`. */
  readonly row?: string;
  /** Whether the database may choose an index of `users`. If not, tests are written so that no index serves them. */
  readonly free?: boolean;
}

/**
 * The list of users, at a cost that does not grow with their number. If a filter lets few users through, they are looked
 * up, tested and sorted. Otherwise an index is read in the order of the sort, and each user is tested until the page is
 * full: for a page that ends at position `p` this reads about `p × users ÷ matches` rows. docs/performance.md shows the
 * plans.
 */
@Injectable()
export class UserSearch {
  constructor(
    private readonly database: Database,
    private readonly access: AccessService,
  ) {}

  /**
   * @throws PlatformErrors.invalidRequest for a `q` that is no word; AccessErrors.notPermitted where who holds a permission is
   *   asked by somebody who may not see roles
   */
  async find(actor: Actor, query: ListUsersQuery): Promise<Slice<UserWithRoles>> {
    if (query.permission !== undefined) await this.access.require(actor, AccessPermissions.readRoles);
    if (query.q !== undefined && !isWord(query.q)) {
      throw PlatformErrors.invalidRequest({
        violations: [{ field: 'q', rule: 'length', params: { min: 2, max: 100 } }],
      });
    }
    const filters = [...(await this.sized(query)), ...(query.kind === 'person' ? [PEOPLE] : [])];
    const [limit, offset] = limitAndOffset(query);
    const start = startOfPage(filters, query.sort, offset + limit);
    const page = select(`${start.id} AS id`, filters, start, orderBy(query.sort, start));
    const rows = await this.database.query<RowWithRoles[]>(
      `SELECT ${WITH_ROLES} FROM (${page.sql} LIMIT ? OFFSET ?) page JOIN users u ON u.id = page.id
       ORDER BY ${orderBy(query.sort)}`,
      [...page.values, limit, offset],
    );
    return withTotal(query, rows.map(withRoles), async () => {
      const { sql, values } = count(filters);
      const [counted] = await this.database.query<Array<{ total: number }>>(cappedCount(sql), values);
      return counted?.total ?? 0;
    });
  }

  /** The filters, with their sizes where the plan depends on them. */
  private async sized(query: ListUsersQuery): Promise<UserFilter[]> {
    const { q = '', sort } = query;
    const words = searchWords(q);
    const { permission } = query;
    const holding = permission === undefined ? [] : [rolesFilter(await this.access.rolesWith(permission))];
    const others = [...filtersOf(query), ...holding];
    if (words.length === 0 && holding.length === 0 && others.length < (sort.field === 'created_at' ? 2 : 1))
      return others;
    const phone = searchedPhone(q);
    const isSpelled = phone !== undefined && phone !== words[0];
    const asked = [...(isSpelled ? [phone] : []), ...words.slice(0, MOST_COUNTED_WORDS)];
    let meant = await this.counted(asked.map(wordFilter));
    const number = isSpelled ? meant.shift() : undefined;
    // If it is nobody's phone number, each of its words is searched for.
    if (number !== undefined && number.size > 0) meant = [number];
    else meant.push(...words.slice(MOST_COUNTED_WORDS).map(wordFilter));
    // Counting the other filters would cost more than testing these few users.
    const areFew = meant.some(({ size }) => size <= LIST_WINDOW);
    return [...meant, ...(areFew ? others : await this.counted(others))];
  }

  private async counted(filters: readonly UserFilter[]): Promise<UserFilter[]> {
    if (filters.length === 0) return [];
    const counts = filters.map(
      (filter, index) =>
        `(SELECT COUNT(*) FROM (SELECT 1 AS one ${ofIndex(filter)} LIMIT ${MOST_SORTED + 1}) of_${index}) AS size_${index}`,
    );
    const [row] = await this.database.query<Array<Record<string, number>>>(
      `SELECT ${counts.join(', ')}`,
      filters.flatMap(({ values }) => values),
    );
    return filters.map((filter, index) => ({ ...filter, size: row?.[`size_${index}`] ?? Infinity }));
  }
}

function startOfPage(filters: readonly UserFilter[], { field }: Sort<UserSort>, end: number): Start {
  const most = Math.min(MOST_SORTED, Math.max(LIST_WINDOW, Math.ceil(Math.sqrt(end * USERS))));
  const few = filters.filter(({ size }) => size <= most);
  if (few.length > 0) return candidates(few);
  const role = filters.find(({ table, repeats }) => table === 'user_roles' && repeats !== true);
  return role !== undefined && field === 'created_at' ? through(role) : everybody(field);
}

function count(filters: readonly UserFilter[]) {
  const few = filters.filter(({ size }) => size <= MOST_SORTED);
  const indexed = filters.find(({ table }) => table !== 'users');
  const start =
    few.length > 0 ? candidates(few) : indexed === undefined ? everybody('created_at') : through(indexed);
  // Two terms of one user may begin with the word, and two of a user's roles give a permission.
  const repeats = indexed?.table === 'user_search_terms' || indexed?.repeats === true;
  const own = indexed?.table === 'user_search_terms' ? start.shortId : start.id;
  return select(repeats ? `DISTINCT ${own}` : start.id, filters, start);
}

/**
 * The users who pass the filter with the fewest candidates, and words that have hardly more. They come in order of their
 * ids, so that each page of a table is read once. Without the LIMIT, MySQL would drop that order and merge the subquery
 * into the rest.
 */
function candidates(filters: readonly UserFilter[]): Start {
  const [first, ...others] = filters.toSorted((a, b) => a.size - b.size);
  if (first === undefined) return everybody('created_at');
  const isJoined = ({ key, size }: UserFilter) =>
    key === first.key && key === 'short_id' && size <= first.size * TEST_COST;
  const words = others.filter(isJoined);
  const joins = words.map(
    (word, index) =>
      ` JOIN (SELECT DISTINCT short_id ${ofIndex(word)}) also_${index} ON also_${index}.short_id = found.id`,
  );
  return {
    from: `(SELECT DISTINCT ${first.key} AS id ${ofIndex(first)} ORDER BY ${first.key} LIMIT ${USERS}) found${joins.join('')}`,
    where: '1 = 1',
    values: [first, ...words].flatMap(({ values }) => values),
    id: first.userKey === 'id' ? 'found.id' : 'u.id',
    shortId: first.userKey === 'id' ? 'u.short_id' : 'found.id',
    createdAt: 'u.created_at',
    fulfils: [first, ...words],
    row: `u.${first.userKey} = found.id`,
  };
}

/** The users whom a role or a word lets through, in the order of its index. */
function through(filter: UserFilter): Start {
  const isRole = filter.table === 'user_roles';
  return {
    from: `${filter.table} listed`,
    where: `listed.${filter.column} ${filter.passes}`,
    values: filter.values,
    id: isRole ? 'listed.user_id' : 'u.id',
    shortId: isRole ? 'u.short_id' : 'listed.short_id',
    createdAt: isRole ? 'listed.user_created_at' : 'u.created_at',
    fulfils: [filter],
    row: `u.${filter.userKey} = listed.${filter.key}`,
  };
}

/**
 * The whole of a column, written as a range. Without one, MariaDB 10.11 sorts everybody instead of reading the index when
 * a prepared statement is executed again after its connection has changed the table.
 */
const WHOLE: Readonly<Record<UserSort, string>> = {
  created_at: 'u.created_at >= 0',
  username: "u.username >= ''",
  last_sign_in_at: '(u.last_sign_in_at IS NULL OR u.last_sign_in_at >= 0)',
};

/** Everybody in the order of a column. */
function everybody(sort: UserSort): Start {
  const names = { id: 'u.id', shortId: 'u.short_id', createdAt: 'u.created_at' };
  const free = sort === 'created_at';
  return { from: 'users u', where: WHOLE[sort], values: [], ...names, fulfils: [], free };
}

/** The users who pass every filter. Their row is joined only if needed, and LEFT: an inner join might begin with it. */
function select(what: string, filters: readonly UserFilter[], start: Start, order?: string) {
  const rest = filters.filter((filter) => !start.fulfils.includes(filter));
  const tests = [
    start.where,
    ...rest.map((filter) => (filter === PEOPLE ? isPerson(start) : testOf(filter, start))),
  ].join(' AND ');
  const sorted = order === undefined ? '' : ` ORDER BY ${order}`;
  const needsRow = start.row !== undefined && /\bu\./.test(what + tests + sorted);
  return {
    sql: `SELECT ${what} FROM ${start.from}${needsRow ? ` LEFT JOIN users u ON ${start.row}` : ''} WHERE ${tests}${sorted}`,
    values: [...start.values, ...rest.flatMap(({ values }) => values)],
  };
}

/** That a user is no service account, told by the id that needs no row to be read. */
function isPerson({ id, shortId }: Start): string {
  const [own, key] = id.startsWith('u.') ? ([shortId, 'short_id'] as const) : ([id, 'id'] as const);
  return `${own} NOT IN ${SERVICE_ACCOUNTS(key)}`;
}

/** A filter as a condition on a user. A scalar subquery, because MySQL would turn IN and EXISTS into a join. */
function testOf(
  { table, key, userKey, column, passes }: UserFilter,
  { id, shortId, createdAt, free }: Start,
): string {
  if (table !== 'users') {
    const own = userKey === 'id' ? id : shortId;
    return `(SELECT 1 FROM ${table} tested WHERE tested.${key} = ${own} AND tested.${column} ${passes} LIMIT 1) = 1`;
  }
  const tested = column === 'created_at' ? createdAt : `u.${column}`;
  if (free === true || !tested.startsWith('u.')) return `${tested} ${passes}`;
  return `COALESCE(${tested}, ${column === 'created_at' ? '0' : "''"}) ${passes}`;
}

/** From the index of a filter. */
function ofIndex({ table, column, passes }: UserFilter): string {
  return `FROM ${table} WHERE ${column} ${passes}`;
}

function orderBy({ field, descending }: Sort<UserSort>, start?: Start): string {
  const direction = descending ? 'DESC' : 'ASC';
  // User names differ, and MySQL would not use their index for a second column.
  if (field === 'username') return `u.username ${direction}`;
  const column = field === 'created_at' ? (start?.createdAt ?? 'u.created_at') : `u.${field}`;
  return `${column} ${direction}, ${start?.id ?? 'u.id'} ${direction}`;
}

import { Injectable } from '@nestjs/common';
import { roleKeysOf } from '../access/access.repository.js';
import { Database } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import {
  cappedCount,
  LIST_WINDOW,
  limitAndOffset,
  withTotal,
  type Slice,
} from '../platform/http/list-query.js';
import type { Sort } from '../platform/http/query-values.js';
import { isWord, searchedPhone, searchWords } from './search-terms.js';
import { User } from './user.entity.js';
import { all, filtersOf, wordFilter, type Sql, type UserFilter } from './user-filters.js';
import type { ListUsersQuery } from './users.dto.js';
import { withRoles, type RowWithRoles, type UserWithRoles } from './users.repository.js';

export type UserSort = 'created_at' | 'username' | 'last_sign_in_at';

const COLUMNS = `${columnList(User, 'u')}, ${roleKeysOf('u.id')} AS "roleKeys"`;

/** The size of database that the choice of plan is made for. */
const USERS = 1_000_000;

/** How many candidates are sorted at most: some tenths of a second, where their rows have to be read from the disk. */
const MOST_SORTED = 50_000;

/** Of one search; further words are only tested on what these find. */
const MOST_COUNTED_WORDS = 4;

/** Testing one candidate costs what reading so many neighbours in an index does. */
const TEST_COST = 8;

interface Sized extends UserFilter {
  /** How many candidates it has, up to `MOST_SORTED` + 1; infinite where nobody counted. */
  readonly size: number;
}

/** Where a plan begins: the rows that the filters which it does not fulfil are tested on. */
interface Start {
  readonly from: Sql;
  readonly id: string;
  readonly createdAt: string;
  readonly condition: Sql;
  readonly fulfils: readonly UserFilter[];
  /** Whether the database may choose an index of `users`. If not, the tests are in words that no index serves. */
  readonly free: boolean;
  /** Whether it has somebody more than once. */
  readonly repeats?: boolean;
}

/**
 * The list of users, at a cost that does not grow with their number. Either the candidates of a filter that has few
 * are looked up, tested and sorted; or an index is read in the order of the sort and each of its users tested, until the page is
 * full. For a page that ends at position `p`, that is about `p × users ÷ matches` rows, and `matches` by the
 * first way. docs/performance.md shows the plans.
 */
@Injectable()
export class UserSearch {
  constructor(private readonly database: Database) {}

  /** @throws PlatformErrors.invalidRequest for a `q` that is no word */
  async find(query: ListUsersQuery): Promise<Slice<UserWithRoles>> {
    if (query.q !== undefined && !isWord(query.q)) {
      throw PlatformErrors.invalidRequest({
        violations: [{ field: 'q', rule: 'length', params: { min: 2, max: 100 } }],
      });
    }
    const filters = await this.sized(query);
    const [limit, offset] = limitAndOffset(query);
    const page = select(filters, startOfPage(filters, query.sort, offset + limit), query.sort);
    const rows = await this.database.query<RowWithRoles[]>(
      `SELECT ${COLUMNS} FROM (${page.text} LIMIT ? OFFSET ?) page JOIN users u ON u.id = page.id
       ORDER BY ${orderBy(query.sort)}`,
      [...page.values, limit, offset],
    );
    return withTotal(query, rows.map(withRoles), async () => {
      const { text, values } = select(filters, startOfCount(filters));
      const [counted] = await this.database.query<Array<{ total: number }>>(cappedCount(text), values);
      return counted?.total ?? 0;
    });
  }

  /** The filters, with their sizes where the plan depends on them: one statement counts them all. */
  private async sized(query: ListUsersQuery): Promise<Sized[]> {
    const { q = '', sort } = query;
    const words = searchWords(q);
    const filters = [...words.map(wordFilter), ...filtersOf(query)];
    const few = filters.length < 2 && words.length === 0 && sort.field === 'created_at';
    if (filters.length === 0 || few) return filters.map((filter) => ({ ...filter, size: Infinity }));

    const phone = searchedPhone(q);
    const spelled = phone === undefined || phone === words[0] ? undefined : wordFilter(phone);
    const counted = filters.filter(({ kind }, index) => kind !== 'word' || index < MOST_COUNTED_WORDS);
    const asked = spelled === undefined ? counted : [spelled, ...counted];
    const counts = asked.map(
      ({ table, condition }, index) =>
        `(SELECT COUNT(*) FROM (SELECT 1 AS one FROM ${table} WHERE ${condition.text} LIMIT ?) of_${index}) AS size_${index}`,
    );
    const [row] = await this.database.query<Array<Record<string, number>>>(
      `SELECT ${counts.join(', ')}`,
      asked.flatMap(({ condition }) => [...condition.values, MOST_SORTED + 1]),
    );
    const sizeOf = (filter: UserFilter) => row?.[`size_${asked.indexOf(filter)}`] ?? Infinity;
    // What is nobody's phone number is searched for as the words that it consists of.
    const isPhone = spelled !== undefined && sizeOf(spelled) > 0;
    const meant = isPhone ? [spelled, ...filters.filter(({ kind }) => kind !== 'word')] : filters;
    return meant.map((filter) => ({ ...filter, size: sizeOf(filter) }));
  }
}

function startOfPage(filters: readonly Sized[], { field }: Sort<UserSort>, end: number): Start {
  const most = Math.min(MOST_SORTED, Math.max(LIST_WINDOW, Math.ceil(Math.sqrt(end * USERS))));
  const few = filters.filter(({ size }) => size <= most);
  if (few.length > 0) return candidates(few);
  const role = filters.find(({ kind }) => kind === 'role');
  return role !== undefined && field === 'created_at' ? through(role) : users(field);
}

function startOfCount(filters: readonly Sized[]): Start {
  const few = filters.filter(({ size }) => size <= MOST_SORTED);
  if (few.length > 0) return candidates(few);
  const indexed = filters.find(({ kind }) => kind === 'word' || kind === 'role');
  return indexed === undefined ? users('created_at') : through(indexed);
}

/**
 * Who passes the filter with the fewest candidates, and words that have hardly more. In order of the ids, because that reads each page
 * of a table once; with a LIMIT, because without one MySQL drops the order and plans across the border.
 */
function candidates(filters: readonly Sized[]): Start {
  const [first, ...others] = filters.toSorted((a, b) => a.size - b.size);
  if (first === undefined) return users('created_at');
  const words = others.filter(({ kind, size }) => kind === 'word' && size <= first.size * TEST_COST);
  const joined = words.map(
    (word, index) => ` JOIN (${idsOf(word)}) also_${index} ON also_${index}.id = found.id`,
  );
  return {
    from: {
      text: `(${idsOf(first)} ORDER BY id LIMIT ${USERS}) found${joined.join('')}`,
      values: [first, ...words].flatMap(({ condition }) => condition.values),
    },
    id: 'found.id',
    createdAt: 'found.created_at',
    condition: all([]),
    fulfils: [first, ...words],
    free: false,
  };
}

function idsOf({ table, id, createdAt, condition }: UserFilter): string {
  return `SELECT DISTINCT ${id} AS id, ${createdAt} AS created_at FROM ${table} WHERE ${condition.text}`;
}

/** Whom a role or a word lets through, in the order of its index. */
function through(filter: UserFilter): Start {
  return {
    from: { text: `${filter.table} listed`, values: [] },
    id: `listed.${filter.id}`,
    createdAt: `listed.${filter.createdAt}`,
    condition: filter.condition,
    fulfils: [filter],
    free: false,
    repeats: filter.kind === 'word',
  };
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

/** Everybody in the order of a column. */
function users(sort: UserSort): Start {
  return {
    from: { text: 'users u', values: [] },
    id: 'u.id',
    createdAt: 'u.created_at',
    condition: { text: WHOLE[sort], values: [] },
    fulfils: [],
    free: sort === 'created_at',
  };
}

/** The ids of those who pass every filter. LEFT, because an inner join might begin with the users. */
function select(filters: readonly UserFilter[], start: Start, sort?: Sort<UserSort>): Sql {
  const rest = filters.filter(
    (filter) => !start.fulfils.some(({ condition }) => condition === filter.condition),
  );
  const tests = all([start.condition, ...rest.map((filter) => testOf(filter, start))]);
  const needsRow = rest.some(({ kind }) => kind === 'status') || (sort ?? CREATED).field !== 'created_at';
  const join = needsRow && start.id !== 'u.id' ? ` LEFT JOIN users u ON u.id = ${start.id}` : '';
  const order = sort === undefined ? '' : ` ORDER BY ${orderBy(sort, start)}`;
  return {
    text: `SELECT ${start.repeats === true ? 'DISTINCT ' : ''}${start.id} AS id FROM ${start.from.text}${join} WHERE ${tests.text}${order}`,
    values: [...start.from.values, ...tests.values],
  };
}

/** A filter as a condition on the rows of another start. A scalar subquery, because MySQL would turn IN and EXISTS into a join. */
function testOf({ kind, table, condition }: UserFilter, { id, createdAt, free }: Start): Sql {
  const { values } = condition;
  if (kind === 'status') return { text: free ? 'u.status = ?' : "COALESCE(u.status, '') = ?", values };
  if (kind === 'created') {
    const column = free || id !== 'u.id' ? createdAt : 'COALESCE(u.created_at, 0)';
    return { text: `${column} >= ? AND ${column} <= ?`, values };
  }
  return {
    text: `(SELECT 1 FROM ${table} tested WHERE tested.user_id = ${id} AND ${condition.text} LIMIT 1) = 1`,
    values,
  };
}

const CREATED: Sort<UserSort> = { field: 'created_at', descending: true };

function orderBy({ field, descending }: Sort<UserSort>, start?: Start): string {
  const direction = descending ? 'DESC' : 'ASC';
  // User names differ, and MySQL would not use their index for a second column.
  if (field === 'username') return `u.username ${direction}`;
  const [column, id] =
    start !== undefined && field === 'created_at' ? [start.createdAt, start.id] : [`u.${field}`, 'u.id'];
  return `${column} ${direction}, ${id} ${direction}`;
}

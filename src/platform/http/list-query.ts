import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { ValidationArguments } from 'class-validator';
import { rule } from './constraints.js';
import { WholeNumber } from './query-values.js';

/** Lists end here: `page × page_size` goes no further, and totals stop counting. Deeper costs more than it tells. */
export const LIST_WINDOW = 10_000;

/**
 * The page of a list that is asked for. A list's own query class extends it with its filters and its sort, and a
 * route takes it as `@Query() query: ListUsersQuery`; the pipe reads it strictly.
 */
export class PageQuery {
  @WholeNumber(1, LIST_WINDOW)
  @rule('page_window', isInWindow, { context: { params: { max: LIST_WINDOW } } })
  @ApiProperty({ default: 1, description: 'Which page, from 1.' })
  page = 1;

  @WholeNumber(1, 100)
  @ApiProperty({ default: 20, description: 'Items on a page.' })
  page_size = 20;
}

function isInWindow(page: unknown, args?: ValidationArguments): boolean {
  return !(args?.object instanceof PageQuery) || Number(page) * args.object.page_size <= LIST_WINDOW;
}

/** One page of rows, and how many there are in all (at most `LIST_WINDOW`). */
export interface Slice<T> {
  readonly rows: readonly T[];
  readonly total: number;
}

export interface ListResponse<T> extends PageQuery {
  readonly items: readonly T[];
  readonly total: number;
}

/** For `LIMIT ? OFFSET ?`. */
export function limitAndOffset({ page, page_size }: PageQuery): [limit: number, offset: number] {
  return [page_size, (page - 1) * page_size];
}

/** A statement that counts the rows of another, which selects one short column and has no LIMIT, up to the window. */
export function cappedCount(select: string): string {
  return `SELECT COUNT(*) AS total FROM (${select} LIMIT ${LIST_WINDOW}) counted`;
}

/**
 * A page with its total. They are read one after the other, and rows that come or go between the two would let them
 * contradict each other, so the page has the last word; where it ends the list, nothing needs to be counted.
 */
export async function withTotal<T>(
  query: PageQuery,
  rows: readonly T[],
  count: () => Promise<number>,
): Promise<Slice<T>> {
  const [limit, offset] = limitAndOffset(query);
  const seen = offset + rows.length;
  if (rows.length === 0 && offset > 0) return { rows, total: Math.min(await count(), offset) };
  if (rows.length < limit) return { rows, total: seen };
  return { rows, total: Math.max(await count(), seen) };
}

/** The answer of a list: its page, each row mapped. */
export function toListResponse<T, R>(
  query: PageQuery,
  { rows, total }: Slice<T>,
  toItem: (row: T) => R,
): ListResponse<R> {
  return { items: rows.map(toItem), total, page: query.page, page_size: query.page_size };
}

const lists = new Map<Type, Type>();

/** The documented class of a list of `item`, for `@ApiAnswer(ListOf(UserResponse))`. */
export function ListOf(item: Type): Type {
  const known = lists.get(item);
  if (known) return known;
  class List {
    @ApiProperty({ type: () => [item] })
    items!: readonly unknown[];

    @ApiProperty({ type: 'integer', example: 1, description: 'How many match, counted up to 10 000.' })
    total!: number;

    @ApiProperty({ type: 'integer', example: 1 })
    page!: number;

    @ApiProperty({ type: 'integer', example: 20 })
    page_size!: number;
  }
  Object.defineProperty(List, 'name', { value: `${item.name.replace(/Response$/, '')}ListResponse` });
  lists.set(item, List);
  return List;
}

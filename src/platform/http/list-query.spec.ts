import { IsIn } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors/app-error.js';
import { CodePoints, IsId, MayBeAbsent, NoControlCharacters } from './constraints.js';
import { PageQuery } from './list-query.js';
import { SortBy, Time, Trimmed, type Sort } from './query-values.js';
import { ValidationPipe } from './validation.pipe.js';

class ListThingsQuery extends PageQuery {
  @MayBeAbsent()
  @Trimmed()
  @NoControlCharacters()
  @CodePoints(2, 5)
  q?: string;

  @MayBeAbsent()
  @IsIn(['active', 'disabled'])
  status?: string;

  @MayBeAbsent()
  @IsId()
  owner_id?: string;

  @Time()
  from?: number;

  @SortBy(['created_at', 'name'])
  sort: Sort<'created_at' | 'name'> = { field: 'created_at', descending: true };
}

function read(input: Record<string, unknown>): unknown {
  return new ValidationPipe().transform(input, { type: 'query', metatype: ListThingsQuery });
}

function refusals(input: Record<string, unknown>): string[] {
  try {
    read(input);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.definition.code).toBe(10001);
    return (error.details.violations ?? []).map(({ field, rule }) => `${field} ${rule}`);
  }
}

describe('a list query', () => {
  it('has defaults for everything', () => {
    expect(read({})).toMatchObject({
      page: 1,
      page_size: 20,
      sort: { field: 'created_at', descending: true },
    });
  });

  it('reads each parameter as what it means', () => {
    const query = read({
      page: '2',
      page_size: '100',
      q: ' 张三 ',
      status: 'active',
      from: '1970-01-01T00:00:01Z',
      sort: 'name',
    });
    expect(query).toMatchObject({
      page: 2,
      page_size: 100,
      q: '张三',
      status: 'active',
      from: 1_000,
      sort: { field: 'name', descending: false },
    });
  });

  it.each([
    [{ page: '0' }, 'page integer'],
    [{ page: '-1' }, 'page integer'],
    [{ page: '1.0' }, 'page integer'],
    [{ page: '01' }, 'page integer'],
    [{ page: '1e1' }, 'page integer'],
    [{ page: '' }, 'page integer'],
    [{ page: '１' }, 'page integer'],
    [{ page_size: '101' }, 'page_size integer'],
    [{ page_size: '1000000000' }, 'page_size integer'],
    [{ page: '101', page_size: '100' }, 'page page_window'],
    [{ page: ['1', '1'] }, 'page repeated'],
    [{ sort: 'password' }, 'sort choice'],
    [{ sort: '--name' }, 'sort choice'],
    [{ sort: 'constructor' }, 'sort choice'],
    [{ status: 'Active' }, 'status choice'],
    [{ status: '' }, 'status choice'],
    [{ owner_id: 'x' }, 'owner_id id'],
    [{ from: '2026-02-30T00:00:00Z' }, 'from time'],
    [{ q: ' a ' }, 'q length'],
    [{ q: 'abcdef' }, 'q length'],
    [{ q: 'a\u0000b' }, 'q control_characters'],
    [{ limit: '1' }, 'limit unknown'],
    [{ toString: '1' }, 'toString unknown'],
    [{ 'page[]': '1' }, 'page[] unknown'],
  ])('refuses %j', (input, refusal) => {
    expect(refusals(input)).toEqual([refusal]);
  });

  it('reaches the last page of the window', () => {
    expect(refusals({ page: '100', page_size: '100' })).toEqual([]);
    expect(refusals({ page: '10000', page_size: '1' })).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Repository } from 'typeorm';
import { removeOutdated } from './batches.js';

interface Row {
  readonly id: string;
  readonly at: number;
}

/** A table of which only the number of outdated rows is known. */
function tableOf(rows: number, onDelete: () => void = () => undefined) {
  const table = { rows };
  let batch = 0;
  const reading = {
    where: () => reading,
    orderBy: () => reading,
    clone: () => reading,
    select: () => reading,
    limit: (places: number) => {
      batch = places;
      return reading;
    },
    getRawMany: async () =>
      Array.from({ length: Math.min(table.rows, batch) }, (_, index) => ({ id: `${index}` })),
    delete: () => ({ where: () => ({ execute }) }),
  };
  const execute = async () => {
    const affected = Math.min(table.rows, batch);
    table.rows -= affected;
    onDelete();
    return { affected };
  };
  return { table, repository: { createQueryBuilder: () => reading } as unknown as Repository<Row> };
}

const OUTDATED = { key: 'id', age: 'at', until: 1 };

describe('the removal of outdated rows', () => {
  it('goes on while full batches come', async () => {
    const { table, repository } = tableOf(25_101);
    expect(await removeOutdated(repository, OUTDATED)).toBe(25_101);
    expect(table.rows).toBe(0);
  });

  it('ends after the batch in progress when it is asked to', async () => {
    const stop = new AbortController();
    const { table, repository } = tableOf(1_000, () => stop.abort());
    expect(await removeOutdated(repository, { ...OUTDATED, stop: stop.signal })).toBe(200);
    expect(table.rows).toBe(800);
    expect(await removeOutdated(repository, { ...OUTDATED, stop: stop.signal })).toBe(0);
  });
});

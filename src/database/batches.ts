import type { Database } from './database.js';

/** Few enough that nobody waits long for the rows they lock, or on SQLite for the one connection. */
const BATCH = 200;

/** Bounds a round, so that a shutdown never waits long for it; the next round goes on. */
const BATCHES_A_ROUND = 50;

/** As many places as a full batch, always, so that there is one statement to prepare and not one for each number. */
const PLACES = Array.from({ length: BATCH }, () => '?').join(', ');

export interface Outdated {
  readonly table: string;
  /** The primary key, or its first column. */
  readonly key: string;
  /** The column that tells the age of a row; it needs an index. */
  readonly age: string;
  /** Rows whose `age` is this or less are outdated. */
  readonly until: number;
  /** Whose rows alone are meant; by default everybody's. */
  readonly owner?: { readonly column: string; readonly id: string } | undefined;
}

/**
 * Removes outdated rows in small batches, each a statement of its own. Replicas may do it at once: what one has
 * removed the others do not find, and a row that came back to life meanwhile stays.
 *
 * @returns how many rows were removed in this round
 */
export async function removeOutdated(
  database: Database,
  { table, key, age, until, owner }: Outdated,
): Promise<number> {
  // An owner's rows in any order: for that of their age MySQL might read everybody's.
  const [whose, which] =
    owner === undefined
      ? [[], `${age} <= ? ORDER BY ${age}`]
      : [[owner.id], `${owner.column} = ? AND ${age} <= ?`];
  const select = `SELECT ${key} AS id FROM ${table} WHERE ${which} LIMIT ?`;
  const remove = `DELETE FROM ${table} WHERE ${key} IN (${PLACES}) AND ${age} <= ?`;
  let removed = 0;
  for (let batch = 0; batch < BATCHES_A_ROUND; batch += 1) {
    const rows = await database.query<Array<{ id: string }>>(select, [...whose, until, BATCH]);
    const ids = rows.map(({ id }) => id).sort();
    const last = ids.at(-1);
    if (last === undefined) break;
    const padded = [...ids, ...Array.from({ length: BATCH - ids.length }, () => last)];
    removed += await database.execute(remove, [...padded, until]);
    if (ids.length < BATCH) break;
  }
  return removed;
}

import { In, LessThanOrEqual, type ObjectLiteral, type Repository } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** Few enough that nobody waits long for the rows they lock, or on SQLite for the one connection. */
const BATCH = 200;

/** Bounds a round, so that a shutdown never waits long for it; the next round goes on. */
const BATCHES_A_ROUND = 50;

export interface Outdated {
  /** The primary key, or its first column. */
  readonly key: string;
  /** What tells the age of a row; it needs an index. */
  readonly age: string;
  /** Rows whose `age` is this or less are outdated. */
  readonly until: Instant;
  /** Whose rows alone are meant; by default everybody's. */
  readonly owner?: ObjectLiteral | undefined;
}

/**
 * Removes outdated rows in small batches, each a statement of its own. Replicas may do it at once: what one has
 * removed the others do not find, and a row that came back to life meanwhile stays.
 *
 * @returns how many rows were removed in this round
 */
export async function removeOutdated<Row extends ObjectLiteral>(
  repository: Repository<Row>,
  { key, age, until, owner }: Outdated,
): Promise<number> {
  const isOutdated = { [age]: LessThanOrEqual(until) };
  const oldest = repository.createQueryBuilder('outdated').select(`outdated.${key}`, 'id').limit(BATCH);
  oldest.where({ ...isOutdated, ...owner });
  // An owner's rows in any order: for that of their age MySQL might read everybody's.
  if (owner === undefined) oldest.orderBy(`outdated.${age}`);
  let removed = 0;
  for (let batch = 0; batch < BATCHES_A_ROUND; batch += 1) {
    const rows = await oldest.clone().getRawMany<{ id: string }>();
    const ids = rows.map(({ id }) => id).sort();
    if (ids.length === 0) break;
    const remove = repository.createQueryBuilder().delete();
    const { affected } = await remove.where({ ...isOutdated, [key]: In(ids) }).execute();
    removed += affected ?? 0;
    if (ids.length < BATCH) break;
  }
  return removed;
}

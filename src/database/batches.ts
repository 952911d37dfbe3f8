import { setTimeout as sleep } from 'node:timers/promises';
import { In, LessThanOrEqual, type ObjectLiteral, type Repository } from 'typeorm';
import { SECOND, type Duration, type Instant } from '../platform/time/clock.js';

/** Few enough that nobody waits long for the rows they lock, or on SQLite for the one connection. */
const BATCH = 200;

/** The longest rest after a batch. */
const LONGEST_REST: Duration = 1 * SECOND;

export interface Outdated {
  /** The primary key, or its first column. */
  readonly key: string;
  /** What tells the age of a row; it needs an index. */
  readonly age: string;
  /** Rows whose `age` is this or less are outdated. */
  readonly until: Instant;
  /** Whose rows alone are meant; by default everybody's. */
  readonly owner?: ObjectLiteral | undefined;
  /** Aborted when the removal is to end after the batch in progress. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Removes outdated rows in small batches, each a statement of its own, until none is left: a bound on their number would
 * let the table grow where more come in than go out. Replicas may do it at once: what one has removed the others do not
 * find, and a row that came back to life meanwhile stays.
 *
 * @returns how many rows were removed
 */
export async function removeOutdated<Row extends ObjectLiteral>(
  repository: Repository<Row>,
  { key, age, until, owner, stop }: Outdated,
): Promise<number> {
  const isOutdated = { [age]: LessThanOrEqual(until) };
  const oldest = repository.createQueryBuilder('outdated').select(`outdated.${key}`, 'id').limit(BATCH);
  oldest.where({ ...isOutdated, ...owner });
  // An owner's rows in any order: for that of their age MySQL might read everybody's.
  if (owner === undefined) oldest.orderBy(`outdated.${age}`);
  let removed = 0;
  while (stop?.aborted !== true) {
    const begun = performance.now();
    const rows = await oldest.clone().getRawMany<{ id: string }>();
    const ids = rows.map(({ id }) => id).sort();
    if (ids.length === 0) break;
    const remove = repository.createQueryBuilder().delete();
    const { affected } = await remove.where({ ...isOutdated, [key]: In(ids) }).execute();
    removed += affected ?? 0;
    if (ids.length < BATCH) break;
    // Others have half of the time.
    await rest(performance.now() - begun, stop);
  }
  return removed;
}

/** Waits between batches, so that others have their part of the time; not long, and not at all once stopped. */
export async function rest(duration: Duration, signal: AbortSignal | undefined): Promise<void> {
  await sleep(Math.min(duration, LONGEST_REST), undefined, { signal, ref: false }).catch(() => undefined);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { requestInProgress, type RequestContext } from '../platform/context/request-context.js';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { isWorthRetrying, translateDriverError } from './driver-errors.js';

/** How long one statement may take, waiting for a connection included. A frozen database must not hold a request. */
export const DEADLINE: Duration = 1.5 * SECOND;

/** How long a whole unit of work may take, its further attempts included. */
export const TRANSACTION_DEADLINE: Duration = 2 * SECOND;

/** What a unit of work may take although it got its connection late, so that not every one fails after a queue. */
export const LEAST_WORK: Duration = 0.5 * SECOND;

/**
 * How long a MySQL-speaking server works on one statement before it ends it by itself. Longer than it waits for a lock,
 * whose loser may try again, and short enough that nothing runs for a second after its caller was answered.
 */
export const SERVER_LIMIT: Duration = 1.2 * SECOND;

/**
 * With less time left than this no statement is begun: the server could work on it for a second after the deadline. A
 * twentieth of a second is for the way to the server.
 */
export const LEAST_TIME: Duration = SERVER_LIMIT - 0.95 * SECOND;

/** How long after its deadline a connection may take to be of use again. What takes longer is a server that is frozen. */
export const GRACE: Duration = 2.5 * SECOND;

/** How long a request may wait for a slow database, all its statements together. */
const PATIENCE: Duration = 2 * SECOND;

/** What each statement or unit of work may take without counting as a wait, so that a request of many statements can be a long one. */
const NORMAL: Duration = 200;

/** Between two attempts of what lost: at random, so that those who collided part. */
const LONGEST_PAUSE: Duration = 100;

const waits = new WeakMap<RequestContext, Duration>();

/**
 * Runs `work` with the moment by which it must have ended, in the time of `performance.now()`: after `limit`, or
 * earlier where its request has waited for the database before. Else ten statements could each take what one may.
 */
async function withDeadline<T>(limit: Duration, work: (deadline: number) => Promise<T>): Promise<T> {
  const request = requestInProgress();
  const start = performance.now();
  if (request === undefined) return work(start + limit);
  try {
    return await work(start + Math.min(limit, PATIENCE - (waits.get(request) ?? 0)));
  } finally {
    const wait = performance.now() - start - NORMAL;
    if (wait > 0) waits.set(request, (waits.get(request) ?? 0) + wait);
  }
}

/** Runs what loses to a transaction of somebody else again, in a new one, until its deadline. */
export function untilWon<T>(limit: Duration, attempt: (deadline: number) => Promise<T>): Promise<T> {
  return withDeadline(limit, async (deadline) => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt(deadline);
      } catch (error) {
        if (!isWorthRetrying(error) || performance.now() >= deadline) throw translateDriverError(error);
      }
      await sleep(Math.random() * Math.min(10 * attempts, LONGEST_PAUSE));
    }
  });
}

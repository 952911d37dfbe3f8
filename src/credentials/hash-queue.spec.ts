import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../platform/errors/app-error.js';
import { HashQueue, hashConcurrency, type HashQueueOptions, type Place } from './hash-queue.js';

const queueOf = (options: Partial<HashQueueOptions> = {}) =>
  new HashQueue({ concurrency: 1, maxWaiting: 2, maxWait: 1_000, ...options });

const settled = () => vi.advanceTimersByTimeAsync(0);

/** Reserves without waiting for it, and keeps what became of it. */
function attempt(queue: HashQueue, client = '') {
  const result: { place?: Place; error?: unknown } = {};
  queue.reserve(client).then(
    (place) => (result.place = place),
    (error: unknown) => (result.error = error),
  );
  return result;
}

function expectOverloaded(error: unknown) {
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ definition: { code: 10009, status: 503 }, details: { retryAfter: 1 } });
}

describe('HashQueue', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('admits twice as many as may hash, lets the next wait and refuses the rest at once', async () => {
    const queue = queueOf();
    const attempts = Array.from({ length: 6 }, () => attempt(queue));
    await settled();
    expect(attempts.map(({ place }) => place !== undefined)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(queue.stats()).toEqual({ admitted: 2, waiting: 2, running: 0, refused: 2 });
    expectOverloaded(attempts[4]?.error);
    expectOverloaded(attempts[5]?.error);
  });

  it('gives a freed place to the one that has waited longest', async () => {
    const queue = queueOf();
    const [first, , third, fourth] = Array.from({ length: 4 }, () => attempt(queue));
    await settled();
    first?.place?.release();
    await settled();
    expect(third?.place).toBeDefined();
    expect(fourth?.place).toBeUndefined();
    expect(queue.stats()).toMatchObject({ admitted: 2, waiting: 1 });
  });

  it('serves clients in turn, so that a crowd of one does not hold up another', async () => {
    const queue = queueOf({ maxWaiting: 10 });
    const [first, second] = [attempt(queue, 'crowd'), attempt(queue, 'crowd')];
    const crowd = Array.from({ length: 5 }, () => attempt(queue, 'crowd'));
    const other = attempt(queue, 'other');
    await settled();
    first.place?.release();
    second.place?.release();
    await settled();
    expect(crowd.map(({ place }) => place !== undefined)).toEqual([true, false, false, false, false]);
    expect(other.place).toBeDefined();
  });

  it('makes room in a full queue where a client crowds it', async () => {
    const queue = queueOf({ maxWaiting: 3 });
    const crowd = Array.from({ length: 5 }, () => attempt(queue, 'crowd'));
    const other = attempt(queue, 'other');
    await settled();
    expectOverloaded(crowd[4]?.error);
    expect(other.error).toBeUndefined();
    expect(queue.stats()).toMatchObject({ waiting: 3, refused: 1 });
    const [greedy, third] = [attempt(queue, 'other'), attempt(queue, 'third')];
    await settled();
    expectOverloaded(greedy.error);
    expect(third.error).toBeUndefined();
    expectOverloaded(crowd[3]?.error);
  });

  it('refuses who has waited too long, and forgets them', async () => {
    const queue = queueOf();
    const [first, second, late] = Array.from({ length: 3 }, () => attempt(queue));
    await vi.advanceTimersByTimeAsync(999);
    expect(late?.error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expectOverloaded(late?.error);
    first?.place?.release();
    second?.place?.release();
    await settled();
    expect(late?.place).toBeUndefined();
    expect(queue.stats()).toEqual({ admitted: 0, waiting: 0, running: 0, refused: 1 });
  });

  it('leaves no timer behind for those that it admits', async () => {
    const queue = queueOf();
    const attempts = Array.from({ length: 4 }, () => attempt(queue));
    await settled();
    expect(vi.getTimerCount()).toBe(2);
    attempts[0]?.place?.release();
    attempts[1]?.place?.release();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(attempts.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('counts a place as given back once, however often it is released', async () => {
    const queue = queueOf();
    const place = await queue.reserve();
    await queue.reserve();
    place.release();
    place.release();
    place[Symbol.dispose]();
    expect(queue.stats().admitted).toBe(1);
  });

  it('gives the place back at the end of a block, also when it throws', async () => {
    const queue = queueOf();
    const failing = async () => {
      using place = await queue.reserve();
      await place.run(() => Promise.reject(new Error('broken')));
    };
    await expect(failing()).rejects.toThrow('broken');
    expect(queue.stats()).toMatchObject({ admitted: 0, running: 0 });
  });

  it('runs no more than its concurrency at once, in order', async () => {
    const queue = queueOf({ concurrency: 2, maxWaiting: 100 });
    const started: number[] = [];
    let most = 0;
    const job = async (n: number) => {
      using place = await queue.reserve();
      await place.run(async () => {
        started.push(n);
        most = Math.max(most, queue.stats().running);
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
    };
    const all = Promise.all(Array.from({ length: 20 }, (_, n) => job(n)));
    await vi.advanceTimersByTimeAsync(200);
    await all;
    expect(most).toBe(2);
    expect(started).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(queue.stats()).toEqual({ admitted: 0, waiting: 0, running: 0, refused: 0 });
  });

  it('keeps the place of a caller that gave up until its hash has ended', async () => {
    const queue = queueOf();
    const place = await queue.reserve();
    let finish = () => {};
    const run = place.run(() => new Promise<void>((resolve) => (finish = resolve)));
    place.release();
    expect(queue.stats()).toMatchObject({ admitted: 1, running: 1 });
    finish();
    await run;
    expect(queue.stats()).toMatchObject({ admitted: 0, running: 0 });
  });

  it('runs nothing in a released place', async () => {
    const place = await queueOf().reserve();
    place.release();
    await expect(place.run(() => Promise.resolve())).rejects.toThrow('released');
  });

  it('tells the seconds of each hash without its waiting', async () => {
    const seconds: number[] = [];
    const queue = queueOf({ onHashed: (value) => seconds.push(value) });
    const places = [await queue.reserve(), await queue.reserve()];
    const runs = places.map((place) => place.run(() => new Promise((resolve) => setTimeout(resolve, 500))));
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(runs);
    expect(seconds).toEqual([0.5, 0.5]);
  });
});

describe('hashConcurrency', () => {
  it.each([
    [{ cores: 2, threadPoolSize: 4, parallelism: 1 }, 2],
    [{ cores: 16, threadPoolSize: 4, parallelism: 1 }, 3],
    [{ cores: 16, threadPoolSize: 32, parallelism: 1 }, 16],
    [{ cores: 16, threadPoolSize: 32, parallelism: 4 }, 4],
    [{ cores: 1, threadPoolSize: 1, parallelism: 4 }, 1],
  ])('of %j is %i', (machine, expected) => expect(hashConcurrency(machine)).toBe(expected));
});

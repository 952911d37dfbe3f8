import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ListLimiter } from './list-limiter.js';

const OVERLOADED = { definition: { code: 10009, status: 503 }, details: { retryAfter: 1 } };

const limiterOf = (options = {}) => new ListLimiter({ atOnce: 1, maxWaiting: 2, maxWait: 1_000, ...options });

const after = (duration: number) => new Promise<void>((resolve) => void setTimeout(resolve, duration));

/** Asks for a list that takes so long, and keeps what became of it. */
function read(limiter: ListLimiter, duration: number) {
  const result: { begun?: true; read?: true; error?: unknown } = {};
  const list = async () => {
    result.begun = true;
    await after(duration);
  };
  limiter.run(list).then(
    () => (result.read = true),
    (error: unknown) => (result.error = error),
  );
  return result;
}

describe('ListLimiter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('reads as many as it may at once, lets the next wait and refuses the rest after a while', async () => {
    const limiter = limiterOf({ atOnce: 2 });
    const lists = Array.from({ length: 6 }, () => read(limiter, 10));
    await vi.advanceTimersByTimeAsync(0);
    expect(lists.map(({ begun }) => begun)).toEqual([true, true, undefined, undefined, undefined, undefined]);
    expect(limiter.stats()).toEqual({ reading: 2, waiting: 2, refused: 0 });
    await vi.advanceTimersByTimeAsync(999);
    expect(lists.map(({ read: done }) => done)).toEqual([true, true, true, true, undefined, undefined]);
    expect(lists.map(({ error }) => error)).toEqual(Array.from({ length: 6 }, () => undefined));
    await vi.advanceTimersByTimeAsync(1);
    for (const { error } of lists.slice(4)) expect(error).toMatchObject(OVERLOADED);
    expect(limiter.stats()).toEqual({ reading: 0, waiting: 0, refused: 2 });
  });

  it('refuses whoever has waited too long, and forgets them', async () => {
    const limiter = limiterOf();
    const first = read(limiter, 5_000);
    const second = read(limiter, 10);
    await vi.advanceTimersByTimeAsync(999);
    expect(second.error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(second.error).toMatchObject(OVERLOADED);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(first.read).toBe(true);
    expect(second.begun).toBeUndefined();
    expect(limiter.stats()).toEqual({ reading: 0, waiting: 0, refused: 1 });
  });

  it('keeps apart lists that never leave the event loop', async () => {
    const limiter = limiterOf();
    const order: string[] = [];
    const lists = ['first', 'second'].map((name) => limiter.run(async () => void order.push(name)));
    setImmediate(() => order.push('somebody else'));
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(lists);
    expect(order).toEqual(['first', 'somebody else', 'second']);
  });

  it('lets a place rest for as long as its list took, while others wait', async () => {
    const limiter = limiterOf();
    read(limiter, 40);
    const second = read(limiter, 40);
    await vi.advanceTimersByTimeAsync(79);
    expect(second.begun).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5);
    expect(second.begun).toBe(true);
  });

  it('does not rest between lists that one caller reads in turn', async () => {
    const limiter = limiterOf();
    for (let turn = 0; turn < 3; turn += 1) {
      const list = read(limiter, 40);
      expect(list.begun).toBe(true);
      await vi.advanceTimersByTimeAsync(41);
      expect(list.read).toBe(true);
    }
  });

  it('gives the place of a list that failed to the next', async () => {
    const limiter = limiterOf();
    const failing = limiter.run(() => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    const next = read(limiter, 10);
    await vi.advanceTimersByTimeAsync(50);
    expect(next.read).toBe(true);
  });
});

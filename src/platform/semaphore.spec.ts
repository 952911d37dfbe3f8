import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Semaphore } from './semaphore.js';

describe('Semaphore', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives as many permits as it has, and one that comes back to whoever has waited longest', async () => {
    const semaphore = new Semaphore({ permits: 2, maxWaiting: 2 });
    const [first, second] = [semaphore.tryAcquire(), semaphore.tryAcquire()];
    expect(semaphore.tryAcquire()).toBeUndefined();
    const order: string[] = [];
    const waits = ['third', 'fourth'].map((name) =>
      semaphore.acquire(1_000).then((permit) => (order.push(name), permit)),
    );
    expect(await semaphore.acquire(1_000)).toBeUndefined();
    expect(semaphore.stats()).toEqual({ held: 2, waiting: 2 });
    first?.release();
    first?.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(['third']);
    expect(semaphore.tryAcquire()).toBeUndefined();
    second?.release();
    for (const permit of await Promise.all(waits)) permit?.release();
    expect(order).toEqual(['third', 'fourth']);
    expect(semaphore.stats()).toEqual({ held: 0, waiting: 0 });
  });

  it('lets nobody wait for longer than they will', async () => {
    const semaphore = new Semaphore({ permits: 1, maxWaiting: 5 });
    const held = semaphore.tryAcquire();
    const waits = semaphore.acquire(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(await waits).toBeUndefined();
    expect(semaphore.stats()).toEqual({ held: 1, waiting: 0 });
    held?.release();
    expect(semaphore.tryAcquire()).toBeDefined();
  });

  it('tells when the last permit has come back', () => {
    const unused = vi.fn<() => void>();
    const semaphore = new Semaphore({ permits: 2, maxWaiting: 0 }, unused);
    const [first, second] = [semaphore.tryAcquire(), semaphore.tryAcquire()];
    first?.release();
    expect(unused).not.toHaveBeenCalled();
    second?.release();
    expect(unused).toHaveBeenCalledOnce();
    expect(semaphore.stats()).toEqual({ held: 0, waiting: 0 });
  });
});

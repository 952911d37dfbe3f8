import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Periodic } from './periodic.js';

function periodicOf(work: () => Promise<void>): Periodic {
  const periodic = new Periodic();
  periodic.every(1_000, 'test', work);
  periodic.start();
  return periodic;
}

describe('Periodic', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('begins within the first interval and goes on at every one', async () => {
    const work = vi.fn(() => Promise.resolve());
    const periodic = periodicOf(work);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(work.mock.calls.length).toBeGreaterThanOrEqual(3);
    await periodic.stop();
  });

  it('goes on after a round that failed', async () => {
    const work = vi.fn(() => Promise.reject(new Error('the database is away')));
    const periodic = periodicOf(work);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(work.mock.calls.length).toBeGreaterThanOrEqual(2);
    await periodic.stop();
  });

  it('never runs twice at once, and stops when the round in progress has ended', async () => {
    let finish = (): void => undefined;
    const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const periodic = periodicOf(work);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(work).toHaveBeenCalledTimes(1);

    const stopped = vi.fn();
    const stopping = periodic.stop().then(stopped);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stopped).not.toHaveBeenCalled();
    finish();
    await stopping;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(work).toHaveBeenCalledTimes(1);
  });
});

import { describe, expect, it } from 'vitest';
import { RoundRobin } from './round-robin.js';

describe('RoundRobin', () => {
  it('lets so many go on in each turn of the event loop, in their order, and others between', async () => {
    const line = new RoundRobin(2);
    const order: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) line.wait(() => order.push(name));
    expect(order).toEqual([]);
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('|');
    }
    expect(order.join('')).toBe('ab|cd|e|');
  });

  it('lets whoever comes again while it goes on wait for the next turn', async () => {
    const line = new RoundRobin(2);
    let runs = 0;
    const again = () => {
      runs += 1;
      if (runs < 5) line.wait(again);
    };
    line.wait(again);
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(1);
    await expect.poll(() => runs).toBe(5);
  });
});

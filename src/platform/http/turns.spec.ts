import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('Turns', () => {
  it('lets so many go on in each turn of the event loop, in their order, and others between', async () => {
    const turns = new Turns(2);
    const order: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) turns.wait(() => order.push(name));
    expect(order).toEqual([]);
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('|');
    }
    expect(order.join('')).toBe('ab|cd|e|');
  });

  it('lets whoever comes again while it goes on wait for the next turn', async () => {
    const turns = new Turns(2);
    let runs = 0;
    const again = () => {
      runs += 1;
      if (runs < 5) turns.wait(again);
    };
    turns.wait(again);
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(1);
    await expect.poll(() => runs).toBe(5);
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../database/database.js';
import { Clock, DAY, HOUR, MINUTE, SECOND } from '../platform/time/clock.js';
import { SharedClock } from './shared-clock.js';

/** A database server whose clock is off by a fixed time: what the class under test asks of one. */
class OtherClock {
  asked = 0;

  constructor(
    readonly dialect: 'sqlite' | 'mysql',
    public ahead: number,
  ) {}

  query = async () => {
    this.asked += 1;
    return [{ now: Date.now() + this.ahead }];
  };
}

function sharedClock(server: OtherClock, clock = new Clock()): SharedClock {
  return new SharedClock(server as unknown as Database, clock);
}

class MovedClock extends Clock {
  moved = 0;
  override now(): number {
    return Date.now() + this.moved;
  }
}

describe('SharedClock', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([DAY, -DAY, HOUR, -5 * SECOND])(
    'measures again at once when our clock jumps by %d ms',
    async (jump) => {
      const realNow = Date.now;
      const server = new OtherClock('mysql', 0);
      const shared = sharedClock(server);
      await shared.now();
      vi.spyOn(Date, 'now').mockImplementation(() => realNow() + jump);
      server.ahead = -jump;
      expect(Math.abs((await shared.now()) - realNow())).toBeLessThan(1_000);
      expect(server.asked).toBe(2);
      await shared.now();
      expect(server.asked, 'once for a jump').toBe(2);
    },
  );

  it('tells no time when it cannot measure after a jump', async () => {
    const realNow = Date.now;
    const server = new OtherClock('mysql', 0);
    const shared = sharedClock(server);
    await shared.now();
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + DAY);
    server.query = () => Promise.reject(new Error('the database is away'));
    await expect(shared.now()).rejects.toThrow('away');
  });

  it.each([-2 * MINUTE, 0, 2 * MINUTE])("tells the database server's time, %d ms off ours", async (ahead) => {
    const shared = sharedClock(new OtherClock('mysql', ahead));
    expect(Math.abs((await shared.now()) - (Date.now() + ahead))).toBeLessThan(1_000);
  });

  it('moves with the clock that it is given', async () => {
    const clock = new MovedClock();
    const shared = sharedClock(new OtherClock('mysql', MINUTE), clock);
    const before = await shared.now();
    clock.moved = 15 * MINUTE;
    expect(Math.abs((await shared.now()) - before - 15 * MINUTE)).toBeLessThan(1_000);
  });

  it('asks once for many at once, and not again soon', async () => {
    const database = new OtherClock('mysql', 0);
    const shared = sharedClock(database);
    await Promise.all(Array.from({ length: 10 }, () => shared.now()));
    await shared.now();
    expect(database.asked).toBe(1);
  });

  it('is our own clock on SQLite', async () => {
    const database = new OtherClock('sqlite', MINUTE);
    const shared = sharedClock(database);
    expect(Math.abs((await shared.now()) - Date.now())).toBeLessThan(1_000);
    expect(database.asked).toBe(0);
  });
});

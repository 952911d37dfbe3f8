import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { SECOND, type Duration } from '../platform/time/clock.js';

/** How long a sign-in whose password was verified may take to open its session: longer than the database may. */
const LONGEST_OPENING: Duration = 10 * SECOND;

/** The right to try a password of one account, until it is known how the attempt ended. */
export class Turn implements Disposable {
  private ended = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly handOn: () => void) {}

  end(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.handOn();
  }

  [Symbol.dispose](): void {
    this.end();
  }

  /** For a turn that is ended elsewhere: whatever becomes of that, the account is not left without it for good. */
  endLater(): this {
    this.timer = setTimeout(() => this.end(), LONGEST_OPENING).unref();
    return this;
  }
}

interface Line {
  underWay: number;
  readonly waiting: Set<() => void>;
}

/**
 * Lets a process try only a quarter of an account's budget at once. An attempt is counted before it is tried and given
 * back when it succeeds, so without this a large machine would count more right passwords at once than the budget has.
 * A quarter leaves room for other replicas.
 *
 * Lines are kept by the budget that counts, which is made alike for accounts and for names that are nobody's.
 */
@Injectable()
export class AccountTurns {
  private readonly lines = new Map<string, Line>();
  private readonly atOnce: number;
  private readonly maxWaiting: number;

  constructor({ budgets, hashing }: Config) {
    this.atOnce = Math.ceil(budgets.accountAttempts / 4);
    this.maxWaiting = hashing.queue;
  }

  /** A turn that nobody has to wait for, or nothing. */
  takeFree(key: string): Turn | undefined {
    const line = this.lineOf(key);
    if (line.underWay >= this.atOnce) return undefined;
    line.underWay += 1;
    return this.turnOf(key, line);
  }

  /**
   * Waits for a turn, first come, first served. As many may wait for each account as for the hash queue.
   *
   * @throws PlatformErrors.overloaded at once when too many wait already, or after `maxWait`
   */
  async take(key: string, maxWait: Duration): Promise<Turn> {
    const free = this.takeFree(key);
    if (free !== undefined) return free;
    const line = this.lineOf(key);
    if (line.waiting.size >= this.maxWaiting) throw overloaded();
    return new Promise((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer);
        resolve(this.turnOf(key, line));
      };
      const timer = setTimeout(() => {
        line.waiting.delete(admit);
        reject(overloaded());
      }, maxWait).unref();
      line.waiting.add(admit);
    });
  }

  private lineOf(key: string): Line {
    const line = this.lines.get(key) ?? { underWay: 0, waiting: new Set() };
    this.lines.set(key, line);
    return line;
  }

  /** The next in line takes over the place of the one that ends, so that nobody can step between. */
  private turnOf(key: string, line: Line): Turn {
    return new Turn(() => {
      const [next] = line.waiting;
      if (next !== undefined) {
        line.waiting.delete(next);
        next();
        return;
      }
      line.underWay -= 1;
      if (line.underWay === 0) this.lines.delete(key);
    });
  }
}

function overloaded(): Error {
  return PlatformErrors.overloaded({
    retryAfter: 1,
    reason: 'too many sign-ins of one account are under way',
  });
}

import { PlatformErrors } from '../errors/platform-errors.js';
import type { Duration } from '../time/clock.js';

export interface ListLimits {
  /** Lists that are read at once. */
  readonly atOnce: number;
  /** Callers that may stand in line for a place. */
  readonly maxWaiting: number;
  /** How long a caller waits before it is refused. */
  readonly maxWait: Duration;
}

/** What is read now, and how many callers were refused since the start. */
export interface ListLimiterStats {
  readonly reading: number;
  readonly waiting: number;
  readonly refused: number;
}

/** A place rests no longer than this, or lists that take a second would be read half as often for nobody's good. */
const LONGEST_REST: Duration = 100;

/**
 * Keeps readers of lists from taking the whole database: a few lists are read at once in a process, a bounded number
 * of callers waits for a place, and who gets none in time is refused.
 */
export class ListLimiter {
  private readonly waiting: Array<() => void> = [];
  private reading = 0;
  private refused = 0;

  constructor(readonly limits: ListLimits) {}

  /** Reads a list when there is a place. @throws PlatformErrors.overloaded when there is none in time */
  async run<T>(list: () => Promise<T>): Promise<T> {
    if (this.reading < this.limits.atOnce) this.reading += 1;
    else await this.place();
    const begun = performance.now();
    try {
      return await list();
    } finally {
      this.rest(performance.now() - begun);
    }
  }

  stats(): ListLimiterStats {
    return { reading: this.reading, waiting: this.waiting.length, refused: this.refused };
  }

  /**
   * On admission the place of the list that ended is already counted as the waiting caller's. Where the line is full a
   * caller is refused without a chance, but not sooner: one that comes back at once costs more than one that waits.
   */
  private place(): Promise<void> {
    return new Promise((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer);
        resolve();
      };
      // A waiting caller alone does not keep a stopping process alive.
      const timer = setTimeout(() => {
        const position = this.waiting.indexOf(admit);
        if (position >= 0) this.waiting.splice(position, 1);
        this.refused += 1;
        reject(
          PlatformErrors.overloaded({ retryAfter: 1, reason: 'no place to read a list came free in time' }),
        );
      }, this.limits.maxWait).unref();
      if (this.waiting.length < this.limits.maxWaiting) this.waiting.push(admit);
    });
  }

  /**
   * The place stays taken until the event loop has come round: SQLite answers without ever leaving it, so a hundred
   * lists that arrive together would else follow each other unnoticed and hold everybody up. While callers wait, it
   * rests for as long as its list took, because a sign-in needs the loop several times.
   */
  private rest(took: Duration): void {
    setImmediate(() => {
      if (this.waiting.length === 0) this.reading -= 1;
      else setTimeout(() => this.handOver(), Math.min(took, LONGEST_REST));
    });
  }

  private handOver(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.reading -= 1;
    else next();
  }
}

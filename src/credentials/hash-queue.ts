import { Injectable } from '@nestjs/common';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import type { Duration } from '../platform/time/clock.js';
import { FairLine } from './fair-line.js';

export interface HashQueueOptions {
  /** Hashes that run at once. */
  readonly concurrency: number;
  /** Callers that may wait for a place. */
  readonly maxWaiting: number;
  /** How long each of them may wait, in milliseconds. */
  readonly maxWait: Duration;
  /** Told the seconds that each hash took, without its waiting, failed ones too. */
  readonly onHashed?: (seconds: number) => void;
}

/** What the queue holds now, and how many it has refused since the start. */
export interface HashQueueStats {
  readonly admitted: number;
  readonly waiting: number;
  readonly running: number;
  readonly refused: number;
}

/** The right to hash. Given back by `using place = await queue.reserve()`, or by `release()` in a `finally`. */
export class Place implements Disposable {
  private runs = 0;
  private released = false;

  constructor(
    private readonly runInTurn: <T>(work: () => Promise<T>) => Promise<T>,
    private readonly leave: () => void,
  ) {}

  /**
   * Runs `work` as soon as fewer than `concurrency` others do, first come, first served.
   *
   * @throws Error when the place was released; whatever `work` throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.released) throw new Error('A released place in the hash queue cannot run anything.');
    this.runs += 1;
    try {
      return await this.runInTurn(work);
    } finally {
      this.runs -= 1;
      if (this.released && this.runs === 0) this.leave();
    }
  }

  /**
   * Gives the place back; calls after the first do nothing. A caller that gives up during its hash cannot stop it:
   * the place then stays taken until the hash has ended, or abandoned hashes would pile up without bound.
   */
  release(): void {
    if (this.released) return;
    this.released = true;
    if (this.runs === 0) this.leave();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

interface Waiter {
  readonly admit: () => void;
  readonly giveWay: () => void;
}

/**
 * How many argon2 hashes may run at once: one for each core, counted in threads of argon2, and always one thread
 * of libuv's pool left for files and DNS, which would otherwise stand behind a flood of sign-ins.
 */
export function hashConcurrency(machine: {
  readonly cores: number;
  readonly threadPoolSize: number;
  readonly parallelism: number;
}): number {
  const byCores = Math.floor(machine.cores / machine.parallelism);
  return Math.max(1, Math.min(byCores, machine.threadPoolSize - 1));
}

/**
 * Keeps a flood of passwords from taking the machine. A place is reserved before anything is looked up, so that
 * what cannot be served costs neither a query nor an attempt. Clients are served in turn, so that a flood from one
 * address leaves the others their places. Places are twice the hashes that may run: while one
 * half hashes, the other half asks the database.
 */
@Injectable()
export class HashQueue {
  private readonly capacity: number;
  private readonly waiters = new FairLine<Waiter>();
  private readonly runnable: (() => void)[] = [];
  private admitted = 0;
  private running = 0;
  private refused = 0;

  constructor(private readonly options: HashQueueOptions) {
    this.capacity = 2 * options.concurrency;
  }

  /**
   * Waits for a place: clients in turn, each first come, first served.
   *
   * @param client who asks, as attempts are counted
   * @param maxWait less than the queue's own, for a caller who has waited elsewhere
   * @throws PlatformErrors.overloaded at once when too many wait already, when the client's line has to give way, or
   *   after `maxWait`
   */
  async reserve(client = '', maxWait = this.options.maxWait): Promise<Place> {
    if (this.admitted < this.capacity) {
      this.admitted += 1;
    } else {
      await this.waitForPlace(client, maxWait);
    }
    return new Place(
      (work) => this.runInTurn(work),
      () => this.leave(),
    );
  }

  stats(): HashQueueStats {
    return {
      admitted: this.admitted,
      waiting: this.waiters.size,
      running: this.running,
      refused: this.refused,
    };
  }

  /** On admission the place of the one that left is already counted as the waiter's: nobody can step between. */
  private waitForPlace(client: string, maxWait: Duration): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.waiters.size >= this.options.maxWaiting && !this.makeRoomFor(client)) {
        reject(this.overloaded('the hash queue is full'));
        return;
      }
      const giveUp = (reason: string) => {
        clearTimeout(timer);
        reject(this.overloaded(reason));
      };
      const waiter: Waiter = {
        admit: () => {
          clearTimeout(timer);
          resolve();
        },
        giveWay: () => giveUp('the hash queue is full, most of all of this client'),
      };
      // A waiting caller alone does not keep a stopping process alive.
      const timer = setTimeout(() => {
        this.waiters.remove(client, waiter);
        giveUp('no place in the hash queue came free in time');
      }, maxWait).unref();
      this.waiters.add(client, waiter);
    });
  }

  private makeRoomFor(client: string): boolean {
    const crowded = this.waiters.giveWayTo(client);
    crowded?.giveWay();
    return crowded !== undefined;
  }

  private overloaded(reason: string): Error {
    this.refused += 1;
    return PlatformErrors.overloaded({ retryAfter: 1, reason });
  }

  private leave(): void {
    const next = this.waiters.next();
    if (next === undefined) this.admitted -= 1;
    else next.admit();
  }

  private async runInTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.options.concurrency) {
      this.running += 1;
    } else {
      // Whoever ends hands its turn over, so `running` does not change here.
      await new Promise<void>((resolve) => this.runnable.push(resolve));
    }
    const start = performance.now();
    try {
      return await work();
    } finally {
      const seconds = (performance.now() - start) / 1_000;
      const next = this.runnable.shift();
      if (next === undefined) this.running -= 1;
      else next();
      this.options.onHashed?.(seconds);
    }
  }
}

import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { Semaphore, type Permit } from '../platform/semaphore.js';
import { SECOND, type Duration } from '../platform/time/clock.js';

export interface HashQueueOptions {
  /** Hashes that run at once. */
  readonly concurrency: number;
  /** Callers that may wait for a place. */
  readonly maxWaiting: number;
  /** How long each of them may wait. */
  readonly maxWait: Duration;
  /** Told the seconds that each hash took, without its waiting, failed ones too. */
  readonly onHashed?: (seconds: number) => void;
}

/** The right to hash. Given back by `using place = await queue.reserve()`, or by `release()`. */
export class Place implements Disposable {
  private runs = 0;
  private released = false;

  constructor(
    private readonly permit: Permit,
    private readonly deadline: number,
    private readonly runInTurn: <T>(work: () => Promise<T>) => Promise<T>,
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
      if (this.released && this.runs === 0) this.permit.release();
    }
  }

  /** What is left of the wait that was granted when the place was asked for. */
  timeLeft(): Duration {
    return Math.max(0, this.deadline - performance.now());
  }

  /**
   * Gives the place back; calls after the first do nothing. A caller that gives up during its hash cannot stop it:
   * the place then stays taken until the hash has ended, or abandoned hashes would pile up without bound.
   */
  release(): void {
    this.released = true;
    if (this.runs === 0) this.permit.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * How many argon2 hashes may run at once: as many as the cores have room for, each with its threads. One thread of
 * libuv's pool is left for files and DNS, which would otherwise wait behind a flood of sign-ins.
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
 * Keeps a flood of passwords from taking the machine. A place is reserved before anything is looked up, so a request that
 * cannot be served costs neither a query nor an attempt. Clients are served in turn, so a flood from one address leaves
 * the others their places. There are twice as many places as hashes may run: while one half hashes, the other half asks
 * the database.
 */
export class HashQueue {
  private readonly places: Semaphore;
  private readonly turns: Semaphore;
  private refused = 0;

  constructor(private readonly options: HashQueueOptions) {
    const { concurrency, maxWaiting } = options;
    this.places = new Semaphore({ permits: 2 * concurrency, maxWaiting });
    this.turns = new Semaphore({ permits: concurrency, maxWaiting: Infinity });
  }

  /**
   * Waits for a place: clients in turn, each first come, first served.
   *
   * @param client the network of the caller
   * @param maxWait less than the queue's own, for a caller who has waited elsewhere
   * @throws PlatformErrors.overloaded at once when too many wait already, when the client's line has to give way, or
   *   after `maxWait`
   */
  async reserve(client = '', maxWait = this.options.maxWait): Promise<Place> {
    const deadline = performance.now() + maxWait;
    const permit = await this.places.acquire(maxWait, client);
    if (permit !== undefined) return new Place(permit, deadline, (work) => this.runInTurn(work));
    this.refused += 1;
    throw PlatformErrors.overloaded({
      retryAfter: 1,
      reason: 'no place in the hash queue came free in time',
    });
  }

  /** What the queue holds now, and how many it has refused since the start. */
  stats() {
    const { held: admitted, waiting } = this.places.stats();
    return { admitted, waiting, running: this.turns.stats().held, refused: this.refused };
  }

  private async runInTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.turns.tryAcquire() ?? (await this.turns.acquire());
    const start = performance.now();
    try {
      return await work();
    } finally {
      turn?.release();
      this.options.onHashed?.((performance.now() - start) / SECOND);
    }
  }
}

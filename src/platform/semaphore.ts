import { FairLine } from './fair-line.js';
import type { Duration } from './time/clock.js';

/** The right to do what a semaphore limits. Given back by `using`, or by `release()`; calls after the first do nothing. */
export class Permit implements Disposable {
  private held = true;

  constructor(private readonly giveBack: () => void) {}

  release(): void {
    if (!this.held) return;
    this.held = false;
    this.giveBack();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Lets so many do something at once. A bounded number of others waits: clients in turn, each first come, first served. */
export class Semaphore {
  private readonly line = new FairLine<(permit: Permit | undefined) => void>();
  private held = 0;

  /** @param onUnused called when the last permit has come back */
  constructor(
    private readonly limits: { readonly permits: number; readonly maxWaiting: number },
    private readonly onUnused: () => void = () => undefined,
  ) {}

  /** How many hold a permit and how many wait for one. */
  stats(): { readonly held: number; readonly waiting: number } {
    return { held: this.held, waiting: this.line.size };
  }

  /** A permit that nobody has to wait for. */
  tryAcquire(): Permit | undefined {
    if (this.held >= this.limits.permits) return undefined;
    this.held += 1;
    return this.permit();
  }

  /**
   * Waits for a permit; answers undefined when none came free in time. Where too many wait, the client that crowds the
   * line most gives way and is answered undefined at once.
   */
  async acquire(maxWait: Duration = Infinity, client = ''): Promise<Permit | undefined> {
    const free = this.tryAcquire();
    if (free !== undefined) return free;
    if (this.line.size >= this.limits.maxWaiting) {
      const crowding = this.line.giveWayTo(client);
      if (crowding === undefined) return undefined;
      crowding(undefined);
    }
    return new Promise((resolve) => {
      const admit = (permit: Permit | undefined) => {
        clearTimeout(timer);
        resolve(permit);
      };
      const giveUp = () => {
        this.line.remove(client, admit);
        admit(undefined);
      };
      // A caller that waits does not keep a stopping process alive.
      const timer = maxWait === Infinity ? undefined : setTimeout(giveUp, maxWait).unref();
      this.line.add(client, admit);
    });
  }

  /** A permit that comes back goes straight to the next in line, so that nobody can step between. */
  private permit(): Permit {
    return new Permit(() => {
      const next = this.line.next();
      if (next !== undefined) return next(this.permit());
      this.held -= 1;
      if (this.held === 0) this.onUnused();
    });
  }
}

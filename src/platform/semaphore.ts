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

/** Lets so many do something at once. A bounded number of others waits, first come, first served. */
export class Semaphore {
  private readonly line = new Set<(permit: Permit) => void>();
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

  /** Waits for a permit; answers undefined at once when too many wait already, else when none came free in time. */
  async acquire(maxWait: Duration): Promise<Permit | undefined> {
    const free = this.tryAcquire();
    if (free !== undefined || this.line.size >= this.limits.maxWaiting) return free;
    return new Promise((resolve) => {
      const admit = (permit: Permit | undefined) => {
        clearTimeout(timer);
        resolve(permit);
      };
      // Whoever waits alone does not keep a stopping process alive.
      const timer = setTimeout(() => {
        this.line.delete(admit);
        admit(undefined);
      }, maxWait).unref();
      this.line.add(admit);
    });
  }

  /** A permit that is given back is the next one's at once, so that nobody can step between. */
  private permit(): Permit {
    return new Permit(() => {
      const [next] = this.line;
      if (next === undefined) {
        this.held -= 1;
        if (this.held === 0) this.onUnused();
        return;
      }
      this.line.delete(next);
      next(this.permit());
    });
  }
}

import type { Duration } from './clock.js';
import { Periodic } from './periodic.js';

/** The periodic work of all modules. The server starts it; an operator's command on the same modules does not. */
export class Upkeep {
  private readonly works: Periodic[] = [];

  every(interval: Duration, name: string, work: () => Promise<unknown>): void {
    this.works.push(new Periodic(name, interval, work));
  }

  start(): void {
    for (const work of this.works) work.start();
  }

  /** No round begins after this; resolves when those in progress have ended. */
  async stop(): Promise<void> {
    await Promise.all(this.works.map((work) => work.stop()));
  }
}

import { Logger } from '@nestjs/common';
import type { Duration } from './clock.js';

/**
 * Work that is repeated while the process lives: never twice at once, beginning at a random moment so that replicas
 * spread out, and on a timer that keeps no process alive. A failed round is logged and the next one tries again.
 */
export class Periodic {
  private readonly logger = new Logger(Periodic.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    private readonly every: Duration,
    private readonly work: () => Promise<unknown>,
  ) {}

  start(): void {
    this.schedule(Math.random() * this.every);
  }

  /** No round begins after this; resolves when the one in progress has ended. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
  }

  private schedule(delay: Duration): void {
    const timer = setTimeout(() => {
      this.running = this.round().finally(() => {
        if (this.timer === timer) this.schedule(this.every);
      });
    }, delay).unref();
    this.timer = timer;
  }

  private async round(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      this.logger.warn({ err: error, work: this.name }, 'a periodic round failed');
    }
  }
}

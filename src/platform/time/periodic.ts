import { Injectable, Logger } from '@nestjs/common';
import type { Duration } from './clock.js';

interface Job {
  readonly interval: Duration;
  readonly name: string;
  readonly work: (stop: AbortSignal) => Promise<unknown>;
  timer?: NodeJS.Timeout;
  round?: Promise<void>;
}

/**
 * What modules do again and again. The server starts it; an operator's command on the same modules does not. Each job
 * never runs twice at once, begins at a random moment so that replicas spread out, and keeps no process alive.
 */
@Injectable()
export class Periodic {
  private readonly logger = new Logger(Periodic.name);
  private readonly jobs: Job[] = [];
  private readonly stopping = new AbortController();

  /** @param work its signal is aborted when a round in progress is to end soon */
  every(interval: Duration, name: string, work: Job['work']): void {
    this.jobs.push({ interval, name, work });
  }

  start(): void {
    for (const job of this.jobs) this.schedule(job, Math.random() * job.interval);
  }

  /** No round begins after this; resolves when those in progress have ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { timer } of this.jobs) clearTimeout(timer);
    await Promise.all(this.jobs.map(({ round }) => round));
  }

  private schedule(job: Job, delay: Duration): void {
    if (this.stopping.signal.aborted) return;
    job.timer = setTimeout(() => {
      job.round = this.round(job).finally(() => this.schedule(job, job.interval));
    }, delay).unref();
  }

  /** A failed round is told, and the next one tries again. */
  private async round({ name, work }: Job): Promise<void> {
    try {
      await work(this.stopping.signal);
    } catch (error) {
      this.logger.warn({ err: error, work: name }, 'a periodic round failed');
    }
  }
}

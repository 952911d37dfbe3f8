import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** One request of the load, sent as it stands; autocannon goes through the list in turn on every connection. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoadJob {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly requests: readonly LoadRequest[];
}

export interface LoadFigures {
  /** Successful answers a second. */
  readonly rate: number;
  readonly answers: number;
  /** Answers other than 2xx, time-outs and broken connections. */
  readonly errors: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** The process that makes the load, started once and used for every job. */
export class LoadGenerator {
  private readonly child: ChildProcess = fork(join(import.meta.dirname, 'load-worker.mjs'));

  async run(job: LoadJob): Promise<LoadFigures> {
    const answer = once(this.child, 'message', { signal: AbortSignal.timeout((job.seconds + 30) * 1_000) });
    this.child.send(job);
    // The other side is load-worker.mjs.
    return (await answer)[0] as LoadFigures;
  }

  stop(): void {
    this.child.kill();
  }
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export interface HashFigures {
  /** Verifications a second, all cores together. */
  readonly rate: number;
  /** Milliseconds that one takes, while every core is busy with one. */
  readonly median: number;
}

/** The ceiling of every sign-in figure: what the machine can hash when it does nothing else. */
export class HashCapacity {
  private readonly child: ChildProcess = fork(join(import.meta.dirname, 'hash-capacity.mjs'), {
    env: { ...process.env, UV_THREADPOOL_SIZE: String(availableParallelism() + 3) },
  });

  async measure(seconds: number): Promise<HashFigures> {
    const answer = once(this.child, 'message', { signal: AbortSignal.timeout((seconds + 30) * 1_000) });
    this.child.send({ seconds });
    // The other side is hash-capacity.mjs.
    return (await answer)[0] as HashFigures;
  }

  stop(): void {
    this.child.kill();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './client.ts';

/** A bounded load: so many workers, each with one request at a time. */
export class Load {
  readonly answers: Answer[] = [];
  private readonly workers: Promise<void>[];
  private going = true;

  /** @param pause milliseconds between a worker's requests */
  constructor(count: number, pause: number, next: (worker: number, turn: number) => Promise<Answer>) {
    this.workers = Array.from({ length: count }, (_, worker) => this.work(worker, pause, next));
  }

  async stop(): Promise<readonly Answer[]> {
    this.going = false;
    await Promise.all(this.workers);
    return this.answers;
  }

  private async work(
    worker: number,
    pause: number,
    next: (worker: number, turn: number) => Promise<Answer>,
  ): Promise<void> {
    for (let turn = 0; this.going; turn += 1) {
      this.answers.push(await next(worker, turn));
      if (pause > 0) await sleep(pause);
    }
  }
}

/**
 * `200 ×1234, 503 (10010) ×17`: a refusal with its code in the envelope, or whoever stands between has answered; a
 * missing answer by its reason.
 */
export function tally(answers: readonly Answer[]): string {
  const counts = new Map<string, number>();
  for (const { status, code, failure, what: asked } of answers) {
    const refusal = `${status} (${code ?? 'no envelope'})`;
    const what = status === 0 ? `${failure} (${asked})` : status < 400 ? String(status) : refusal;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return (
    [...counts]
      .sort()
      .map(([what, count]) => `${what} ×${count}`)
      .join(', ') || 'nothing'
  );
}

/** Milliseconds below which this share of the answers came. */
export function percentile(answers: readonly Answer[], share: number): number {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** The longest wait in milliseconds, and for what. */
export function slowest(answers: readonly Answer[]): [number, string] {
  const [worst] = [...answers].sort((a, b) => b.ms - a.ms);
  return worst === undefined ? [0, 'nothing'] : [Math.round(worst.ms), `${worst.what} ${worst.status}`];
}

/** Answers to what was sent in this span. */
export function sentBetween(answers: readonly Answer[], from: number, to: number): Answer[] {
  return answers.filter(({ at }) => at >= from && at < to);
}

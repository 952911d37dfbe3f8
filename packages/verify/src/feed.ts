import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';
import { CallFailed } from './errors.ts';

const SECOND = 1_000;
/** How long Gatehouse holds a poll open. */
const WAIT = 25;
/** Without an answer for so long, nothing is known any more. An answer comes at least every `WAIT`. */
const BLIND = 30 * SECOND;
/** What Gatehouse adds to the life of an access token, for clocks that differ. */
const MARGIN = 300 * SECOND;
const LONGEST_PAUSE = 10 * SECOND;
/** How long the very first requests wait for the first answer. */
const FIRST = 2 * SECOND;

const EVENTS_REMOVED = 15001;

export interface Listener {
  /** The permissions of this user, or of `*`, are others now. */
  permissionsChanged(userId: string): void;
}

/** What happens at Gatehouse: which sessions end, whose permissions change. */
export class Feed {
  private readonly api: Api;
  private readonly now: () => number;
  private readonly listener: Listener;
  /** Until when each must be remembered; in the order of that time, as they are added. */
  private readonly ended = new Map<string, number>();
  private after: number | undefined;
  private answeredAt: number;
  private answered = false;
  private begun = false;
  private closed = false;
  private readonly firstTry: Promise<void>;
  private poll = new AbortController();

  constructor(api: Api, now: () => number, listener: Listener) {
    this.api = api;
    this.now = now;
    this.listener = listener;
    this.answeredAt = now();
    const { promise, resolve } = deferred();
    this.firstTry = promise;
    void this.run(() => {
      this.begun = true;
      resolve();
    });
  }

  /** Waits at the very start only: whoever signed out just before must not be let in by a fresh process. */
  async start(): Promise<void> {
    if (this.begun) return;
    await Promise.race([this.firstTry, sleep(FIRST, undefined, { ref: false })]);
    this.begun = true;
  }

  hasEnded(sessionId: string): boolean {
    return this.ended.has(sessionId);
  }

  get isBlind(): boolean {
    return !this.answered || this.now() - this.answeredAt > BLIND;
  }

  /** Seconds since the last answer, as soon as those are too many; 0 while all is well. */
  get blindSeconds(): number {
    return this.isBlind ? Math.max(0, Math.round((this.now() - this.answeredAt) / SECOND)) : 0;
  }

  close(): void {
    this.closed = true;
    this.poll.abort();
  }

  private async run(onTried: () => void): Promise<void> {
    let failures = 0;
    while (!this.closed) {
      const began = performance.now();
      const outcome = await this.ask(failures === 0 ? WAIT : 0);
      onTried();
      failures = outcome === 'failed' ? failures + 1 : 0;
      // A replica that shuts down, or has too many who wait, answers at once.
      const early = outcome === 'nothing' && performance.now() - began < SECOND;
      const pause = failures > 0 ? Math.min(LONGEST_PAUSE, SECOND * 2 ** (failures - 1)) : early ? SECOND : 0;
      // Jittered: all services lose a Gatehouse that restarts at the same moment.
      if (pause > 0 && !this.closed)
        await sleep(pause * (0.5 + Math.random() / 2), undefined, { ref: false });
    }
  }

  /** After a failure without waiting, so that an outage is over as soon as it is. */
  private async ask(wait: number): Promise<'something' | 'nothing' | 'failed'> {
    const { after } = this;
    this.poll = new AbortController();
    const deadline = setTimeout(() => this.poll.abort(), BLIND).unref();
    try {
      const query = after === undefined ? 'wait=0' : `after=${after}&wait=${wait}`;
      const { items, next, ttl } = await this.api.data('GET', `/tokens/changes?${query}`, {
        signal: this.poll.signal,
      });
      if (!Array.isArray(items) || typeof next !== 'number' || typeof ttl !== 'number') return 'failed';
      // What happened before is told for sessions that ended, but a change of permissions may be older.
      if (after === undefined) this.listener.permissionsChanged('*');
      this.take(items, this.now() + ttl * SECOND + MARGIN);
      this.after = next;
      this.answered = true;
      this.answeredAt = this.now();
      return items.length > 0 || after === undefined ? 'something' : 'nothing';
    } catch (error) {
      const removed = after !== undefined && error instanceof CallFailed && error.code === EVENTS_REMOVED;
      if (removed) this.after = undefined;
      return removed ? 'something' : 'failed';
    } finally {
      clearTimeout(deadline);
    }
  }

  private take(items: readonly unknown[], until: number): void {
    for (const item of items) {
      if (typeof item !== 'object' || item === null) continue;
      if ('permissions' in item) this.listener.permissionsChanged(String(item.permissions));
      const ended: unknown = 'ended' in item ? item.ended : undefined;
      if (Array.isArray(ended)) for (const sessionId of ended) this.remember(String(sessionId), until);
    }
    // No token of theirs lives any more.
    const now = this.now();
    for (const [sessionId, until] of this.ended) {
      if (until > now) break;
      this.ended.delete(sessionId);
    }
  }

  private remember(sessionId: string, until: number): void {
    this.ended.delete(sessionId);
    this.ended.set(sessionId, until);
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

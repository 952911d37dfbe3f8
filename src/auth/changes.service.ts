import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { AuditAction } from '../audit/audit-actions.js';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditService } from '../audit/audit.service.js';
import { tokensConfig } from '../config/tokens.config.js';
import { Draining } from '../platform/http/http-settings.js';
import { Clock, MINUTE, SECOND, type Duration, type Instant } from '../platform/time/clock.js';

/** What a service that verifies tokens itself must hear of. */
export interface Change {
  readonly seq: number;
  readonly at: Instant;
  /** Ids of sessions and keys that ended. */
  readonly ended?: readonly string[];
  /** Whose permissions may have changed: a user's id, or `*`. */
  readonly permissions?: string;
}

export interface Changes {
  readonly items: readonly Change[];
  readonly next: number;
  /** In seconds. */
  readonly ttl: number;
}

interface Waiter {
  readonly after: number;
  readonly answer: (items: readonly Change[], next: number) => void;
}

/** The actions that end sessions or change what somebody may do. */
const ACTIONS: readonly AuditAction[] = [
  'session.ended',
  'password.changed',
  'password.reset',
  'user.email_changed',
  'factor.added',
  'factor.removed',
  'factors.reset',
  'recovery_codes.replaced',
  'user.disabled',
  'user.deleted',
  'key.revoked',
  'key.rotated',
  'user.roles_changed',
  'role.updated',
  'role.deleted',
  'application.declared',
];

/** How far the clocks of replicas may be apart, and the event still be among those that can matter. */
const MARGIN: Duration = 5 * MINUTE;
const MOST_ITEMS = 500;
const MOST_WAITERS = 1_000;
/** How often one call reads on; each time looks at some thousand events. */
const MOST_ROUNDS = 3;
/** How often the head of the record is asked for while somebody waits. */
const POLL: Duration = SECOND / 2;

/**
 * The part of the record that verifiers need, in its order. Who waits for more holds no connection to the database: one
 * question, twice a second, serves all who wait at this replica.
 */
@Injectable()
export class ChangesService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ChangesService.name);
  private readonly waiters = new Set<Waiter>();
  /** What was found since somebody has been waiting, from `heardFrom` to `heardTo`. */
  private heard: Change[] = [];
  private heardFrom = 0;
  private heardTo = 0;
  /** Of the polling; another one once nobody waits any more. */
  private polling: AbortController | undefined;
  private ending = false;

  constructor(
    private readonly audit: AuditService,
    private readonly clock: Clock,
    private readonly draining: Draining,
    @Inject(tokensConfig.KEY) private readonly config: ConfigType<typeof tokensConfig>,
  ) {}

  /**
   * Changes after a number, or those that can matter to a token in use. Where there are none it waits, until there are, the
   * time is over, the caller has gone, or the service ends.
   *
   * @throws AuditErrors.eventsRemoved
   */
  async after(number: number | undefined, wait: Duration, gone: AbortSignal): Promise<Changes> {
    const until = performance.now() + wait;
    const since = this.clock.now() - this.config.accessTtl - MARGIN;
    const found = await this.read(number ?? (await this.audit.numberBefore(since)));
    // Who begins needs no event to know where.
    const isAnswer = !found.isUpToDate || number === undefined || this.waiters.size >= MOST_WAITERS;
    const left = until - performance.now();
    if (isAnswer || left <= 0 || this.isEnding() || gone.aborted) return found;
    return this.wait(found.next, left, gone);
  }

  /** Lets everybody go who waits. */
  beforeApplicationShutdown(): void {
    this.ending = true;
    this.release();
  }

  private isEnding(): boolean {
    return this.ending || this.draining.begun;
  }

  /** Reads on over what matters to nobody, though not for long: who is far behind comes again. */
  private async read(after: number): Promise<Changes & { readonly isUpToDate: boolean }> {
    let position = after;
    for (let round = 0; ; round += 1) {
      const { events, next } = await this.audit.readAfter(position, { action: ACTIONS, limit: MOST_ITEMS });
      const items = events.flatMap(changesIn);
      const isUpToDate = next === position;
      if (items.length > 0 || isUpToDate || round === MOST_ROUNDS)
        return { ...this.answer(items, next), isUpToDate };
      position = next;
    }
  }

  private answer(items: readonly Change[], next: number): Changes {
    return { items, next, ttl: Math.floor(this.config.accessTtl / SECOND) };
  }

  private async wait(after: number, left: Duration, gone: AbortSignal): Promise<Changes> {
    if (this.waiters.size === 0) this.begin(after);
    // Somebody else waits for what came later than this; what is between is read again.
    if (after < this.heardFrom) return this.after(after, left, gone);
    const heard = this.heard.filter(({ seq }) => seq > after);
    if (heard.length > 0) return this.answer(heard, this.heardTo);
    return new Promise((resolve) => {
      const leave = (items: readonly Change[], next: number) => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        if (this.waiters.size === 0) this.end();
        resolve(this.answer(items, next));
      };
      const waiter: Waiter = { after, answer: leave };
      const nothing = () => leave([], Math.max(after, this.heardTo));
      const timer = setTimeout(nothing, left);
      gone.addEventListener('abort', nothing, { once: true });
      this.waiters.add(waiter);
    });
  }

  private begin(after: number): void {
    this.heard = [];
    this.heardFrom = after;
    this.heardTo = after;
    this.polling = new AbortController();
    void this.poll(this.polling.signal);
  }

  private end(): void {
    this.polling?.abort();
    this.heard = [];
  }

  private async poll(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await sleep(POLL, undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) return;
      if (this.isEnding()) return this.release();
      try {
        const news = (await this.audit.head()) > this.heardTo ? await this.read(this.heardTo) : undefined;
        // Meanwhile the last one may have left, and another one may have begun anew.
        if (news !== undefined && !stop.aborted) this.tell(news);
      } catch (error) {
        // Who waits asks again after its time, and is then told what is wrong.
        this.logger.debug({ err: error }, 'changes could not be read');
      }
    }
  }

  private tell({ items, next }: Changes): void {
    this.heardTo = next;
    // Who came with a later number than the others has seen some of them.
    this.heard = [...this.heard, ...items].slice(-MOST_ITEMS);
    const oldest = this.heard[0];
    if (this.heard.length === MOST_ITEMS && oldest !== undefined) this.heardFrom = oldest.seq;
    for (const waiter of this.waiters) {
      const news = items.filter(({ seq }) => seq > waiter.after);
      if (news.length > 0) waiter.answer(news, next);
    }
  }

  private release(): void {
    for (const waiter of this.waiters) waiter.answer([], Math.max(waiter.after, this.heardTo));
  }
}

function changesIn({ seq, at, action, targetType, targetId, detail }: AuditEvent): Change[] {
  if (seq === null) return [];
  const told: { readonly session_ids?: readonly string[]; readonly ends_at?: number } = JSON.parse(detail);
  const ended = (ids: readonly (string | null)[] | undefined): Change[] => {
    const known = (ids ?? []).filter((id) => id !== null);
    return known.length === 0 ? [] : [{ seq, at, ended: known }];
  };
  switch (action) {
    case 'session.ended':
      return ended(targetType === 'session' && targetId !== null ? [targetId] : told.session_ids);
    case 'key.revoked':
      return ended([targetId]);
    case 'key.rotated':
      // With an overlap the old key ends later, and `session.ended` tells of it.
      return told.ends_at !== undefined && told.ends_at <= at ? ended([targetId]) : [];
    case 'user.roles_changed':
      return targetId === null ? [] : [{ seq, at, permissions: targetId }];
    case 'role.updated':
    case 'role.deleted':
    case 'application.declared':
      return [{ seq, at, permissions: '*' }];
    default:
      return ended(told.session_ids);
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Database } from '../database/database.js';
import { currentRequest } from '../platform/context/request-context.js';
import { newId } from '../platform/crypto/random.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { OPERATOR, type Actor } from '../platform/security/auth-context.js';
import { Clock, DAY, type Duration, type Instant } from '../platform/time/clock.js';
import { outcomesOf, type AuditAction, type AuditOutcome, type AuditTarget } from './audit-actions.js';
import { AuditEvent, type AuditCursor } from './audit-event.entity.js';
import { AuditErrors } from './audit.errors.js';
import { AuditRepository, EXAMINED, type AuditFilters } from './audit.repository.js';

export type { AuditAction };

export interface AuditEntry {
  readonly action: AuditAction;
  readonly outcome?: AuditOutcome;
  /** Who did it; absent for a failed sign-in. An operator's command has the name alone. */
  readonly actorId?: string | null;
  readonly actorName?: string;
  readonly sessionId?: string | null;
  readonly targetType: AuditTarget;
  readonly targetId?: string | null;
  /** Names, counts and reasons; never a value that a person typed, never a secret. */
  readonly detail?: Readonly<Record<string, string | number | readonly string[]>>;
}

/** A page of the record, and the event behind which the next page begins. */
export interface AuditPage {
  readonly events: readonly AuditEvent[];
  readonly next: AuditCursor | undefined;
}

/** A part of the record in its order, and the number after which it goes on. */
export interface AuditFeed {
  readonly events: readonly AuditEvent[];
  readonly next: number;
}

/** In which events of one session or one request may be sought. */
const WIDEST_TIME: Duration = 7 * DAY;

const NOBODY = { actorId: null, actorName: '', sessionId: null };

/** The part of an entry that says who did it. */
export function doneBy(actor: Actor): Pick<AuditEntry, 'actorId' | 'actorName' | 'sessionId'> {
  if (actor === OPERATOR) return { actorName: OPERATOR };
  const { user, session } = actor;
  return { actorId: user.id, actorName: user.username ?? '', sessionId: session?.id ?? null };
}

/** The append-only record of who did what. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('Audit');

  constructor(
    @InjectRepository(AuditEvent) private readonly events: Repository<AuditEvent>,
    private readonly repository: AuditRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Records an event in the current transaction, together with the change, and logs it once that is committed. */
  async record(entry: AuditEntry): Promise<void> {
    const { requestId, clientAddress, userAgent } = currentRequest();
    const { detail = {}, ...given } = entry;
    const event = { ...NOBODY, outcome: 'success' as const, targetId: null, ...given };
    // The list relies on it where it is filtered by action and outcome.
    if (!outcomesOf(event.action).includes(event.outcome))
      throw new Error(`${event.action} cannot be a ${event.outcome}.`);
    await this.events.insert({
      ...event,
      id: newId(),
      at: this.clock.now(),
      ip: clientAddress,
      userAgent,
      requestId,
      detail: JSON.stringify(detail),
    });
    this.database.afterCommit(() => this.logger.log({ ...event, address: clientAddress }, event.action));
  }

  /**
   * The newest events that pass the filters, newest first. It examines a bounded number of events, so a page may hold
   * fewer than `limit`, or none, and still have a next one.
   *
   * @throws PlatformErrors.invalidRequest for a session or a request without a short time, as they have no index
   */
  async list({ limit, ...asked }: AuditFilters & { readonly limit: number }): Promise<AuditPage> {
    this.refuseWideTime(asked);
    const filters = withoutNeedlessOutcome(asked);
    if (filters === undefined) return { events: [], next: undefined };
    // One more than asked for tells whether there is a next page.
    const [found, last] = await this.readNewest(filters, limit + 1);
    const events = found.slice(0, limit);
    return { events, next: found.length > limit ? events.at(-1) : last };
  }

  /**
   * Numbered events after a number, in the order of the record, so that a reader who always goes on from `next` sees each
   * once. It examines a bounded number of events: with filters there may be fewer than `limit` before the end.
   *
   * @throws AuditErrors.eventsRemoved when one of them is gone, or the record has not come so far
   */
  async readAfter(
    after: number,
    { limit, ...asked }: AuditFilters & { readonly limit: number },
  ): Promise<AuditFeed> {
    const { seq: head } = await this.repository.readHead();
    const until = Math.min(head, after + EXAMINED);
    const filters = withoutNeedlessOutcome(asked);
    const events = filters === undefined ? [] : await this.repository.findAfter(filters, after, until, limit);
    const next = events.length < limit ? until : (events.at(-1)?.seq ?? until);
    // Counted last, because the sweep may have come between. Numbers have no gap, so a lower count is a loss.
    const present = await this.repository.countBetween(after, next);
    if (present !== next - after) throw AuditErrors.eventsRemoved();
    return { events, next };
  }

  /** The newest events by a user or about one, newest first. */
  async newestOf(userId: string, limit: number): Promise<AuditEvent[]> {
    const by = await this.repository.findNewest({ actor_id: userId }, limit);
    const about = await this.repository.findNewest({ target_id: userId }, limit);
    const each = new Map([...by, ...about].map((event) => [event.id, event]));
    return [...each.values()].sort(newestFirst).slice(0, limit);
  }

  /** How far the record is numbered. */
  async head(): Promise<number> {
    return (await this.repository.readHead()).seq;
  }

  /** A number after which everything stands that happened since an instant, as far as it is kept. */
  async numberBefore(instant: Instant): Promise<number> {
    return (await this.repository.findNumberBefore(instant)) ?? (await this.head());
  }

  private refuseWideTime({ session_id, request_id, from = 0, to = this.clock.now() }: AuditFilters): void {
    if (session_id === undefined && request_id === undefined) return;
    if (to - from > WIDEST_TIME)
      throw PlatformErrors.invalidRequest({ violations: [{ field: 'from', rule: 'narrow_time' }] });
  }

  /** The newest events, and the last one that was examined if not all were. */
  private async readNewest(
    filters: AuditFilters,
    limit: number,
  ): Promise<[AuditEvent[], AuditCursor | undefined]> {
    const { from, to, cursor, action = [], ...others } = filters;
    const isActionsAlone = Object.values(others).every((value) => value === undefined);
    if (action.length > 1 && isActionsAlone) {
      // Each has its place in the index; together they would be sorted. One after the other, because a list has room for
      // one statement at a time.
      const found: AuditEvent[] = [];
      for (const one of action)
        found.push(...(await this.repository.findNewest({ from, to, cursor, action: [one] }, limit)));
      return [found.sort(newestFirst).slice(0, limit), undefined];
    }
    const last = await this.repository.findLastToExamine(filters);
    return [await this.repository.findNewest(filters, limit, last), last];
  }
}

function newestFirst(a: AuditEvent, b: AuditEvent): number {
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}

/** Most actions have one outcome; a filter by both then lets all of them through, or none. */
function withoutNeedlessOutcome({ outcome, ...filters }: AuditFilters): AuditFilters | undefined {
  if (outcome === undefined || filters.action === undefined)
    return { ...filters, ...(outcome && { outcome }) };
  const action = filters.action.filter((one) => outcomesOf(one).includes(outcome));
  if (action.length === 0) return undefined;
  const isNeedless = action.every((one) => outcomesOf(one).length === 1);
  return { ...filters, action, ...(!isNeedless && { outcome }) };
}

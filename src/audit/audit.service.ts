import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Database } from '../database/database.js';
import { currentRequest } from '../platform/context/request-context.js';
import { newId } from '../platform/crypto/random.js';
import { OPERATOR, type Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { AUDIT_OUTCOMES, outcomesOf, type AuditAction, type AuditOutcome } from './audit-actions.js';
import { AuditEvent, type AuditCursor } from './audit-event.entity.js';
import { AuditRepository, type AuditFilters } from './audit.repository.js';

export type { AuditAction };

export interface AuditEntry {
  readonly action: AuditAction;
  readonly outcome?: AuditOutcome;
  /** Who did it; absent for a failed sign-in. An operator's command has the name alone. */
  readonly actorId?: string | null;
  readonly actorName?: string;
  readonly sessionId?: string | null;
  readonly targetType: 'user' | 'session' | 'role';
  readonly targetId?: string | null;
  /** Names, counts and reasons; never a value that a person typed, never a secret. */
  readonly detail?: Readonly<Record<string, string | number | readonly string[]>>;
}

/** A page of the record, and the event behind which the next page begins. */
export interface AuditPage {
  readonly events: readonly AuditEvent[];
  readonly next: AuditCursor | undefined;
}

const NOBODY = { actorId: null, actorName: '', sessionId: null };

/** The part of an entry that says who did it. */
export function doneBy(actor: Actor): Pick<AuditEntry, 'actorId' | 'actorName' | 'sessionId'> {
  if (actor === OPERATOR) return { actorName: OPERATOR };
  const { user, session } = actor;
  return { actorId: user.id, actorName: user.username ?? '', sessionId: session.id };
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
    const insert = this.events
      .createQueryBuilder()
      .insert()
      .values({
        ...event,
        id: newId(),
        at: this.clock.now(),
        ip: clientAddress,
        userAgent,
        requestId,
        detail: JSON.stringify(detail),
      });
    // TypeORM would read the row back, for the defaults of its columns.
    await insert.updateEntity(false).execute();
    this.database.afterCommit(() => this.logger.log({ ...event, address: clientAddress }, event.action));
  }

  /**
   * The newest events that pass the filters, newest first. It examines a bounded number of events, so a page may hold
   * fewer than `limit`, or none, and still have a next one.
   */
  async list({ limit, ...asked }: AuditFilters & { readonly limit: number }): Promise<AuditPage> {
    const filters = withoutNeedlessOutcome(asked);
    if (filters === undefined) return { events: [], next: undefined };
    const last = await this.repository.findLastToExamine(filters);
    // One more than asked for tells whether there is a next page.
    const found = await this.repository.findNewest(filters, limit + 1, last);
    const events = found.slice(0, limit);
    return { events, next: found.length > limit ? events.at(-1) : last };
  }
}

/** Most actions have one outcome; a filter by both then lets all of them through, or none. */
function withoutNeedlessOutcome({ outcome, ...filters }: AuditFilters): AuditFilters | undefined {
  if (outcome === undefined) return filters;
  const possible = filters.action === undefined ? AUDIT_OUTCOMES : outcomesOf(filters.action);
  if (!possible.includes(outcome)) return undefined;
  return possible.length === 1 ? filters : { ...filters, outcome };
}

import { Injectable, Logger } from '@nestjs/common';
import { currentRequest } from '../platform/context/request-context.js';
import { newId } from '../platform/crypto/random.js';
import { OPERATOR, type Actor } from '../platform/security/principal.js';
import { Clock } from '../platform/time/clock.js';
import { AuditRepository } from './audit.repository.js';

export type AuditAction =
  | 'signin.succeeded'
  | 'signin.failed'
  | 'signin.limited'
  | 'session.ended'
  | 'token.renewed_elsewhere'
  | 'password.changed'
  | 'password.reset'
  | 'user.created'
  | 'user.updated'
  | 'user.disabled'
  | 'user.enabled'
  | 'user.deleted'
  | 'user.roles_changed'
  | 'role.created'
  | 'role.updated'
  | 'role.deleted';

export interface AuditEntry {
  readonly action: AuditAction;
  readonly outcome?: 'success' | 'failure';
  /** Who did it; nobody for a failed sign-in, a sweep or an operator's command. */
  readonly actorId?: string | null;
  readonly sessionId?: string | null;
  readonly targetType: 'user' | 'session' | 'role';
  readonly targetId?: string | null;
  /** Names, counts and reasons; never a value that a person typed, never a secret. */
  readonly detail?: Readonly<Record<string, string | number | readonly string[]>>;
}

/** The part of an entry that says who did it. */
export function doneBy(actor: Actor): Pick<AuditEntry, 'actorId' | 'sessionId'> {
  return actor === OPERATOR ? {} : { actorId: actor.userId, sessionId: actor.sessionId };
}

/** The append-only record of who did what. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('Audit');

  constructor(
    private readonly repository: AuditRepository,
    private readonly clock: Clock,
  ) {}

  /** Records an event in the current transaction, so that it stands if and only if the change does; and logs it. */
  async record(entry: AuditEntry): Promise<void> {
    const { requestId, clientAddress, userAgent } = currentRequest();
    const {
      action,
      outcome = 'success',
      actorId = null,
      sessionId = null,
      targetType,
      targetId = null,
    } = entry;
    const event = { action, outcome, actorId, sessionId, targetType, targetId };
    await this.repository.insert({
      ...event,
      id: newId(),
      at: this.clock.now(),
      ip: clientAddress,
      userAgent,
      requestId,
      detail: JSON.stringify(entry.detail ?? {}),
    });
    this.logger.log({ ...event, address: clientAddress }, action);
  }
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThanOrEqual, type Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { sessionsConfig } from '../config/sessions.config.js';
import { Database } from '../database/database.js';
import { currentRequest } from '../platform/context/request-context.js';
import { networkOf } from '../platform/http/client-address.js';
import { HOUR, MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import { Session } from './session.entity.js';
import type { SessionLife } from './session-life.js';

/**
 * Writes down that sessions are in use, beside the requests that use them: no answer waits for it or depends on it.
 * Nothing is written where nothing changed, so that the usual call stays one read.
 */
@Injectable()
export class SessionUse {
  private readonly logger = new Logger(SessionUse.name);
  /** What is being written now, so that parallel requests of one session write it once. */
  private readonly writing = new Set<string>();
  /** How precisely use is recorded. */
  private readonly precision: Duration;

  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(sessionsConfig.KEY) private readonly config: ConfigType<typeof sessionsConfig>,
  ) {
    // A minute spares the database; with a very short idle life it would end sessions that are in use.
    this.precision = Math.min(MINUTE, config.idleTtl / 4);
  }

  /** Notes the use, and moves the idle end with it. */
  note({ id, kind, lastSeenAt, expiresAt }: SessionLife, now: Instant): void {
    if (now - lastSeenAt < this.precision) return;
    const idleExpiresAt = Math.min(now + this.config.idleTtl, expiresAt);
    const unnoted = { id, endedAt: IsNull(), lastSeenAt: LessThanOrEqual(now - this.precision) };
    this.write(`use:${id}`, () =>
      this.sessions.update(unnoted, { lastSeenAt: now, ...(kind === 'device' && { idleExpiresAt }) }),
    );
  }

  /**
   * Notes a renewal from another network than the last one: a copied refresh token leaves this trace. It does so once an
   * hour at most, because a device that moves between two networks would fill the record.
   */
  noteAddress({ id, kind, userId, ip, renewedIp, renewedIpAt }: Session, now: Instant): void {
    // A program may run on many machines at once.
    if (kind === 'key') return;
    if (renewedIpAt !== null && now - renewedIpAt < HOUR) return;
    const { clientAddress } = currentRequest();
    const from = renewedIp ?? ip;
    if (clientAddress === from || networkOf(clientAddress) === networkOf(from)) return;
    this.write(`address:${id}`, () =>
      this.database.transaction(async () => {
        // Of several renewals that notice it at once, only one changes the row.
        const update = this.sessions.createQueryBuilder().update();
        const { affected } = await update
          .set({ renewedIp: clientAddress, renewedIpAt: now })
          .where({ id, endedAt: IsNull() })
          .andWhere('COALESCE(renewed_ip, ip) = :from', { from })
          .andWhere('(renewed_ip_at IS NULL OR renewed_ip_at <= :before)', { before: now - HOUR })
          .execute();
        if (affected !== 1) return;
        await this.audit.record({
          action: 'token.renewed_elsewhere',
          actorId: userId,
          sessionId: id,
          targetType: 'session',
          targetId: id,
          detail: { previous_ip: from },
        });
      }),
    );
  }

  private write(what: string, work: () => Promise<unknown>): void {
    if (this.writing.has(what)) return;
    this.writing.add(what);
    work()
      .catch((error: unknown) => this.logger.debug({ err: error }, 'a session in use could not be noted'))
      .finally(() => this.writing.delete(what));
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import { Clock, DAY, HOUR, SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { KeySessions } from '../sessions/key-sessions.service.js';
import { ApiKey } from './api-key.entity.js';

const NOTICE: Duration = 14 * DAY;
const BATCH = 100;

/** A key that lives no longer than the notice is not told of: whoever made it knows. */
const ENDING_SOON = `
  SELECT s.id, s.user_id AS "userId", s.expires_at AS "expiresAt" FROM api_keys k JOIN sessions s ON s.id = k.session_id
  WHERE k.warned_at IS NULL AND k.replaced_by IS NULL AND s.ended_at IS NULL
    AND s.expires_at > ? AND s.expires_at <= ? AND s.expires_at - s.created_at > ?
  ORDER BY s.expires_at LIMIT ${BATCH}`;

/** Keys whose overlap is over, and of whose end the record has not told. */
const OVERLAP_OVER = `
  SELECT s.id FROM api_keys k JOIN sessions s ON s.id = k.session_id
  WHERE k.replaced_by IS NOT NULL AND s.ended_at IS NULL AND s.expires_at <= ? ORDER BY s.expires_at LIMIT ${BATCH}`;

/**
 * Tells in the record, once, that a key will end, so that whoever follows it can warn the people who use the key; and that
 * a replaced key has ended, because tokens that were made from it may live longer than the overlap.
 */
@Injectable()
export class KeysExpiry {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly sessions: KeySessions,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: Clock,
    periodic: Periodic,
  ) {
    periodic.every(HOUR, 'keys that end soon', (stop) => this.warn(stop));
    periodic.every(10 * SECOND, 'keys that were replaced', (stop) => this.endReplaced(stop));
  }

  /** Ends keys whose overlap is over; answers how many. */
  async endReplaced(stop?: AbortSignal): Promise<number> {
    for (let ended = 0; ;) {
      const over = await this.database.query<Array<{ id: string }>>(OVERLAP_OVER, [this.clock.now()]);
      for (const { id } of over) ended += Number(await this.sessions.endOutdated(id));
      if (over.length < BATCH || stop?.aborted === true) return ended;
    }
  }

  /** Tells of keys that end soon; answers of how many. */
  async warn(stop?: AbortSignal): Promise<number> {
    const now = this.clock.now();
    for (let told = 0; ;) {
      const ending = await this.database.query<Array<{ id: string; userId: string; expiresAt: Instant }>>(
        ENDING_SOON,
        [now, now + NOTICE, NOTICE],
      );
      for (const key of ending) told += Number(await this.warnOf(key, now));
      if (ending.length < BATCH || stop?.aborted === true) return told;
    }
  }

  private async warnOf(
    { id, userId, expiresAt }: { id: string; userId: string; expiresAt: Instant },
    now: Instant,
  ): Promise<boolean> {
    return this.database.transaction(async () => {
      const { affected } = await this.keys.update({ sessionId: id, warnedAt: IsNull() }, { warnedAt: now });
      // Another replica was first.
      if (affected !== 1) return false;
      const detail = { user_id: userId, expires_at: expiresAt };
      await this.audit.record({ action: 'key.expiring', targetType: 'key', targetId: id, detail });
      return true;
    });
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { sessionsConfig } from '../config/sessions.config.js';
import { Database } from '../database/database.js';
import { currentRequest } from '../platform/context/request-context.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { clientNetwork } from '../platform/http/client-address.js';
import type { PageQuery, Slice } from '../platform/http/list-query.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock, DAY, HOUR, type Duration, type Instant } from '../platform/time/clock.js';
import { KnownAddressesRepository } from './known-addresses.repository.js';
import type { Session, SessionEnd } from './session.entity.js';
import { SessionUse } from './session-use.js';
import { SessionsErrors } from './sessions.errors.js';
import { SessionsRepository } from './sessions.repository.js';

/** A session is noted with its address if the last one is longer ago; every time would be one more row to write. */
const ADDRESS_NOTED_EVERY: Duration = HOUR;

/** How long an address counts as the user's own: for 30 days after the last session opened there, which may be unnoted. */
export const ADDRESS_KNOWN_FOR: Duration = 30 * DAY + ADDRESS_NOTED_EVERY;

const EVERYBODY_BATCH = 500;

/** What tells whether a session is live. */
export type SessionLife = Pick<Session, 'id' | 'lastSeenAt' | 'idleExpiresAt' | 'expiresAt' | 'endedAt'>;

/** The life of a signed-in device: open, found by its tokens, kept alive by use, ended. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly repository: SessionsRepository,
    private readonly addresses: KnownAddressesRepository,
    private readonly uses: SessionUse,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(sessionsConfig.KEY) private readonly config: ConfigType<typeof sessionsConfig>,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens a session in the current transaction, which must hold the lock on the user's row: without it, parallel
   * sign-ins could together exceed the limit. Beyond the limit the oldest end.
   *
   * @param refreshDigest digest of the refresh token that belongs to the session
   * @param addressNotedAt when a session from the client's network was last noted
   */
  async open(userId: string, refreshDigest: string, addressNotedAt: Instant | null): Promise<Session> {
    const now = this.clock.now();
    const { ttl, idleTtl, maxPerUser } = this.config;
    const { clientAddress, userAgent } = currentRequest();
    const session: Session = {
      id: newId(),
      userId,
      refreshDigest,
      userAgent,
      ip: clientAddress,
      renewedIp: null,
      renewedIpAt: null,
      createdAt: now,
      lastSeenAt: now,
      idleExpiresAt: now + idleTtl,
      expiresAt: now + ttl,
      endedAt: null,
      endReason: null,
    };
    if (!(await this.repository.insertWithin(maxPerUser, session, now))) {
      for (const oldest of await this.repository.findSurplus(userId, maxPerUser - 1, now)) {
        await this.end(oldest, userId, 'replaced', { user: { id: userId }, session });
      }
      await this.repository.insert(session);
    }
    if (addressNotedAt === null || now - addressNotedAt >= ADDRESS_NOTED_EVERY) {
      await this.addresses.note(userId, clientNetwork(), now);
    }
    return session;
  }

  /** Whether an address from which a session was noted then is still the user's own, whatever became of that session. */
  isKnownAddress(notedAt: Instant | null): boolean {
    return notedAt !== null && this.clock.now() - notedAt < ADDRESS_KNOWN_FOR;
  }

  /** Whether a session that was just read is live; if so, it is noted as in use. */
  resume(session: SessionLife): boolean {
    const now = this.clock.now();
    if (session.endedAt !== null || now >= session.idleExpiresAt || now >= session.expiresAt) return false;
    this.uses.note(session, now);
    return true;
  }

  /** As `resume`, at a renewal, which is noted with its address where that changed. */
  renew(session: Session): boolean {
    const live = this.resume(session);
    if (live) this.uses.noteAddress(session, this.clock.now());
    return live;
  }

  /** A page of the live sessions of a user, newest first. */
  async list(userId: string, query: PageQuery): Promise<Slice<Session>> {
    return this.repository.findLivePage(userId, this.clock.now(), query);
  }

  /** Ends one live session of a user; answers whether there was one. */
  async end(id: string, userId: string, reason: SessionEnd, by: Actor): Promise<boolean> {
    return this.database.transaction(async () => {
      const ended = await this.repository.end(id, userId, reason, this.clock.now());
      if (ended) {
        const target = { targetType: 'session', targetId: id, detail: { reason, user_id: userId } } as const;
        await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target });
      }
      return ended;
    });
  }

  /** Ends one live session of a user. @throws AppError 11006 */
  async revoke(id: string, userId: string, by: Actor): Promise<void> {
    // MySQL ignores blanks after an id, so what is no id is not asked for.
    if (!isUuid(id) || !(await this.end(id, userId, 'revoked', by))) throw SessionsErrors.noSuchSession();
  }

  /** Ends every live session of a user but `keepId`; answers how many. */
  async revokeAll(userId: string, by: Actor, keepId = ''): Promise<number> {
    return this.database.transaction(async () => {
      const ended = await this.repository.endAllExcept(keepId, userId, 'revoked', this.clock.now());
      if (ended > 0) {
        const target = {
          targetType: 'user',
          targetId: userId,
          detail: { reason: 'revoked', ended },
        } as const;
        await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target });
      }
      return ended;
    });
  }

  /**
   * Ends every session that is live now, in batches that each lock few rows and leave a row of audit; answers how many.
   * Sessions that are opened meanwhile stay, or it would chase those of people who sign in again.
   */
  async revokeEverybody(by: Actor): Promise<number> {
    const begun = this.clock.now();
    for (let total = 0; ;) {
      const ended = await this.database.transaction(async () => {
        const count = await this.repository.endSome(EVERYBODY_BATCH, begun, 'revoked', this.clock.now());
        const target = { targetType: 'session', detail: { reason: 'revoked', ended: count } } as const;
        if (count > 0) await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target });
        return count;
      });
      if (ended === 0) return total;
      total += ended;
    }
  }

  /** Ends the session behind a refresh token, if it is live. */
  async endByRefreshDigest(refreshDigest: string, reason: SessionEnd): Promise<void> {
    const session = await this.repository.findByRefreshDigest(refreshDigest);
    if (session === null) return;
    await this.end(session.id, session.userId, reason, { user: { id: session.userId }, session });
  }

  /**
   * Ends the live sessions of a user, but `keepId`, as part of a greater change: in its transaction, and under its
   * audit event, which should say how many.
   */
  async endAll(userId: string, reason: SessionEnd, keepId = ''): Promise<number> {
    return this.repository.endAllExcept(keepId, userId, reason, this.clock.now());
  }

  /** Removes the rows of a user's sessions that are over, so that few are left to go with the user's own row. */
  async forgetEnded(userId: string): Promise<void> {
    await this.repository.removeEndedOf(userId, this.clock.now());
  }
}

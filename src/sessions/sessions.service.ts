import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThanOrEqual, MoreThan, Not, type Repository } from 'typeorm';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { sessionsConfig } from '../config/sessions.config.js';
import { Database } from '../database/database.js';
import { currentRequest } from '../platform/context/request-context.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { limitAndOffset, withTotal, type PageQuery, type Slice } from '../platform/http/list-query.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock, type Instant } from '../platform/time/clock.js';
import { ADDRESS_KNOWN_FOR, ADDRESS_NOTED_EVERY, KnownAddress } from './known-address.entity.js';
import { Session, type SessionEnd } from './session.entity.js';
import { SessionUse } from './session-use.js';
import { SessionsErrors } from './sessions.errors.js';
import { removeEnded } from './sessions.sweep.js';

const EVERYBODY_BATCH = 500;

/** More than any number of sessions, because both dialects want a LIMIT before an OFFSET. */
const ALL = 1_000_000_000;

const NEWEST_FIRST = { createdAt: 'DESC', id: 'DESC' } as const;

/** What tells whether a session is live. */
export type SessionLife = Pick<Session, 'id' | 'lastSeenAt' | 'idleExpiresAt' | 'expiresAt' | 'endedAt'>;

/** The life of a signed-in device: open, found by its tokens, kept alive by use, ended. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    @InjectRepository(KnownAddress) private readonly addresses: Repository<KnownAddress>,
    private readonly uses: SessionUse,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(sessionsConfig.KEY) private readonly config: ConfigType<typeof sessionsConfig>,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens a session in the current transaction, which must hold the lock on the user's row: without it, parallel
   * sign-ins could together exceed the limit. Beyond the limit the oldest sessions end.
   *
   * @param addressNotedAt when a session from the client's network was last noted
   */
  async open(userId: string, refreshDigest: string, addressNotedAt: Instant | null): Promise<Session> {
    const now = this.clock.now();
    const { ttl, idleTtl } = this.config;
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
    if (!(await this.insertWithinLimit(session))) {
      await this.endSurplus(session);
      await this.sessions.insert(session);
    }
    if (addressNotedAt === null || now - addressNotedAt >= ADDRESS_NOTED_EVERY) {
      const address = { userId, address: clientNetwork() };
      const { affected } = await this.addresses.update(address, { signedInAt: now });
      if (affected === 0) await this.addresses.insert({ ...address, signedInAt: now });
    }
    return session;
  }

  /** Whether an address that was noted at this instant still counts as the user's own. */
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

  /** Like `resume`, for a renewal: if the client's address has changed, it is noted, too. */
  renew(session: Session): boolean {
    const live = this.resume(session);
    if (live) this.uses.noteAddress(session, this.clock.now());
    return live;
  }

  /** A page of the live sessions of a user, newest first. */
  async list(userId: string, query: PageQuery): Promise<Slice<Session>> {
    const where = { userId, ...this.live() };
    const [take, skip] = limitAndOffset(query);
    const rows = await this.sessions.find({ where, order: NEWEST_FIRST, take, skip });
    return withTotal(query, rows, () => this.sessions.countBy(where));
  }

  /** Ends one live session of a user; answers whether there was one. */
  async end(id: string, userId: string, reason: SessionEnd, by: Actor): Promise<boolean> {
    return this.database.transaction(async () => {
      const { affected } = await this.sessions.update({ id, userId, ...this.live() }, this.ended(reason));
      if (affected !== 1) return false;
      const target = { targetType: 'session', targetId: id, detail: { reason, user_id: userId } } as const;
      await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target });
      return true;
    });
  }

  /** Ends one live session of a user. @throws SessionsErrors.noSuchSession */
  async revoke(id: string, userId: string, by: Actor): Promise<void> {
    // MySQL ignores blanks after an id and would find it.
    if (!isUuid(id) || !(await this.end(id, userId, 'revoked', by))) throw SessionsErrors.noSuchSession();
  }

  /** Ends every live session of a user but `keepId`; answers how many. */
  async revokeAll(userId: string, by: Actor, keepId = ''): Promise<number> {
    return this.database.transaction(async () => {
      const ended = await this.endAll(userId, 'revoked', keepId);
      const target = { targetType: 'user', targetId: userId, detail: { reason: 'revoked', ended } } as const;
      if (ended > 0) await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target });
      return ended;
    });
  }

  /**
   * Ends every session that is live now; answers how many. Each batch locks few rows and leaves one audit event. Sessions
   * that are opened meanwhile stay, or this would never end where people sign in again.
   */
  async revokeEverybody(by: Actor): Promise<number> {
    const createdAt = LessThanOrEqual(this.clock.now());
    for (let total = 0; ;) {
      const ended = await this.database.transaction(async () => {
        const where = { ...this.live(), createdAt };
        const rows = await this.sessions.find({ select: { id: true }, where, take: EVERYBODY_BATCH });
        if (rows.length === 0) return 0;
        const found = { id: In(rows.map(({ id }) => id)), ...this.live() };
        const { affected = 0 } = await this.sessions.update(found, this.ended('revoked'));
        const target = { targetType: 'session', detail: { reason: 'revoked', ended: affected } } as const;
        if (affected > 0) await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target });
        return affected;
      });
      if (ended === 0) return total;
      total += ended;
    }
  }

  /** Ends the session behind a refresh token, if it is live. */
  async endByRefreshDigest(refreshDigest: string, reason: SessionEnd): Promise<void> {
    const session = await this.sessions.findOneBy({ refreshDigest });
    if (session === null) return;
    await this.end(session.id, session.userId, reason, { user: { id: session.userId }, session });
  }

  /**
   * Ends the live sessions of a user but `keepId`; answers how many. The caller has a transaction and records the audit
   * event.
   */
  async endAll(userId: string, reason: SessionEnd, keepId = ''): Promise<number> {
    const where = { userId, id: Not(keepId), ...this.live() };
    return (await this.sessions.update(where, this.ended(reason))).affected ?? 0;
  }

  /** Removes the rows of a user's sessions that are over, so that few are left to go with the user's own row. */
  async forgetEnded(userId: string): Promise<void> {
    await removeEnded(this.sessions, { until: this.clock.now(), owner: { userId } });
  }

  /**
   * Inserts a session, unless its user has reached the limit; answers whether it did. The statement is written by hand,
   * because counting first would cost every sign-in another one.
   */
  private async insertWithinLimit(session: Session): Promise<boolean> {
    const { columns } = this.sessions.metadata;
    const names = columns.map(({ databaseName }) => databaseName).join(', ');
    const values = columns.map((column) => column.getEntityValue(session));
    // MySQL wants a table where there is a condition.
    const inserted = await this.database.execute(
      `INSERT INTO sessions (${names}) SELECT ${columns.map(() => '?').join(', ')} FROM (SELECT 1) AS one
       WHERE (SELECT COUNT(*) FROM sessions WHERE user_id = ? AND ended_at IS NULL AND idle_expires_at > ?) < ?`,
      [...values, session.userId, session.createdAt, this.config.maxPerUser],
    );
    return inserted === 1;
  }

  /** Ends a user's oldest sessions until there is room for this one. */
  private async endSurplus(session: Session): Promise<void> {
    const { userId, createdAt: now } = session;
    // The idle end is never after the absolute one, so the index `sessions_user_live` alone tells which are live.
    const where = { userId, endedAt: IsNull(), idleExpiresAt: MoreThan(now) };
    const beyond = { order: NEWEST_FIRST, skip: this.config.maxPerUser - 1, take: ALL };
    for (const { id } of await this.sessions.find({ select: { id: true }, where, ...beyond })) {
      await this.end(id, userId, 'replaced', { user: { id: userId }, session });
    }
  }

  private live() {
    const now = this.clock.now();
    return { endedAt: IsNull(), idleExpiresAt: MoreThan(now), expiresAt: MoreThan(now) };
  }

  private ended(endReason: SessionEnd): Pick<Session, 'endedAt' | 'endReason'> {
    return { endedAt: this.clock.now(), endReason };
  }
}

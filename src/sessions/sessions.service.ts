import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThanOrEqual, MoreThan, Not, type FindOptionsWhere, type Repository } from 'typeorm';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { sessionsConfig } from '../config/sessions.config.js';
import { Database } from '../database/database.js';
import { isUuid } from '../platform/crypto/random.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { limitAndOffset, withTotal, type PageQuery, type Slice } from '../platform/http/list-query.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock, type Instant } from '../platform/time/clock.js';
import { ADDRESS_KNOWN_FOR, ADDRESS_NOTED_EVERY, KnownAddress } from './known-address.entity.js';
import { Session, type SessionEnd } from './session.entity.js';
import { endedAt, liveAt, newSession, type SessionLife } from './session-life.js';
import { SessionUse } from './session-use.js';
import { SessionsErrors } from './sessions.errors.js';
import { removeEnded } from './sessions.sweep.js';

/** So many ids fit into the detail of an event; sessions of everybody are ended so many at a time. */
const MOST_NAMED = 500;

/** More than any number of sessions, because both dialects want a LIMIT before an OFFSET. */
const ALL = 1_000_000_000;

const NEWEST_FIRST = { createdAt: 'DESC', id: 'DESC' } as const;

/** The life of a session: opened by a sign-in, found by its tokens, kept alive by use, ended. Keys begin in `KeySessions`. */
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
   * @param proof by what the person has shown who they are
   */
  async open(
    userId: string,
    refreshDigest: string,
    addressNotedAt: Instant | null,
    proof: readonly string[],
  ): Promise<Session> {
    const now = this.clock.now();
    const { ttl, idleTtl } = this.config;
    const session = newSession({
      userId,
      kind: 'device',
      scopes: null,
      refreshDigest,
      createdAt: now,
      lastSeenAt: now,
      idleExpiresAt: now + idleTtl,
      expiresAt: now + ttl,
    });
    session.proof = proof.join(',');
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

  /** Notes that the person has just given the password. */
  async confirm(id: string): Promise<void> {
    await this.sessions.update({ id, ...this.live() }, { authenticatedAt: this.clock.now() });
  }

  /** Whether an address that was noted at this instant still counts as the user's own. */
  isKnownAddress(notedAt: Instant | null): boolean {
    return notedAt !== null && this.clock.now() - notedAt < ADDRESS_KNOWN_FOR;
  }

  /** Whether a live session of the user was opened by a client that calls itself by this name. */
  async isUsedBy(userId: string, userAgent: string): Promise<boolean> {
    return this.sessions.existsBy({ userId, userAgent, kind: 'device', ...this.live() });
  }

  /** Whether a session that was just read is live; if so, it is noted as in use. */
  resume(session: SessionLife): boolean {
    if (!this.isLive(session)) return false;
    this.uses.note(session, this.clock.now());
    return true;
  }

  /** Whether a session is live, as the current transaction sees it. */
  async isStillLive(id: string): Promise<boolean> {
    return this.sessions.existsBy({ id, ...this.live() });
  }

  /** Whether a session that was just read is live. */
  isLive({ endedAt, idleExpiresAt, expiresAt }: SessionLife): boolean {
    const now = this.clock.now();
    return endedAt === null && now < idleExpiresAt && now < expiresAt;
  }

  /** Like `resume`, for a renewal: if the client's address has changed, it is noted, too. */
  renew(session: Session): boolean {
    const live = this.resume(session);
    if (live) this.uses.noteAddress(session, this.clock.now());
    return live;
  }

  /** A page of the live sessions of a user, newest first. */
  async list(userId: string, query: PageQuery): Promise<Slice<Session>> {
    const where = { userId, kind: 'device' as const, ...this.live() };
    const [take, skip] = limitAndOffset(query);
    const rows = await this.sessions.find({ where, order: NEWEST_FIRST, take, skip });
    return withTotal(query, rows, () => this.sessions.countBy(where));
  }

  /** All live devices of a user, newest first: as many as one can have. */
  async allOf(userId: string): Promise<Session[]> {
    return this.sessions.find({ where: { userId, kind: 'device', ...this.live() }, order: NEWEST_FIRST });
  }

  /** The networks that a user has signed in from, as far as they are kept, newest first. */
  async addressesOf(userId: string): Promise<KnownAddress[]> {
    return this.addresses.find({ where: { userId }, order: { signedInAt: 'DESC' } });
  }

  /** Ends one live device of a user; answers whether there was one. */
  async end(id: string, userId: string, reason: SessionEnd, by: Actor): Promise<boolean> {
    return this.database.transaction(async () => {
      const { affected } = await this.sessions.update(
        { id, userId, kind: 'device', ...this.live() },
        this.ended(reason),
      );
      if (affected !== 1) return false;
      const target = { targetType: 'session', targetId: id, detail: { reason, user_id: userId } } as const;
      await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target });
      return true;
    });
  }

  /** Ends one live device of a user. @throws SessionsErrors.noSuchSession */
  async revoke(id: string, userId: string, by: Actor): Promise<void> {
    // MySQL ignores blanks after an id and would find it.
    if (!isUuid(id) || !(await this.end(id, userId, 'revoked', by))) throw SessionsErrors.noSuchSession();
  }

  /** Ends every device of a user but `keepId`; answers how many. Their keys stay. */
  async revokeAll(userId: string, by: Actor, keepId = ''): Promise<number> {
    return this.database.transaction(async () => {
      const ids = await this.endFound({ userId, id: Not(keepId), kind: 'device' }, 'revoked');
      await this.recordEnds({ targetType: 'user', targetId: userId }, ids, by);
      return ids.length;
    });
  }

  /**
   * Ends every session that is live now; answers how many. Each batch locks few rows and leaves one audit event. Sessions
   * that are opened meanwhile stay, or this would never end where people sign in again.
   *
   * @param alsoKeys whether keys end, too
   */
  async revokeEverybody(by: Actor, alsoKeys = false): Promise<number> {
    const which = {
      createdAt: LessThanOrEqual(this.clock.now()),
      ...(!alsoKeys && { kind: 'device' as const }),
    };
    for (let total = 0; ;) {
      const ended = await this.database.transaction(async () => {
        const ids = await this.endFound(which, 'revoked', MOST_NAMED);
        await this.recordEnds({ targetType: 'session' }, ids, by);
        return ids.length;
      });
      if (ended === 0) return total;
      total += ended;
    }
  }

  /** The session behind a refresh token or a key, whatever state it is in. */
  async findByRefreshDigest(refreshDigest: string): Promise<Session | undefined> {
    return (await this.sessions.findOneBy({ refreshDigest })) ?? undefined;
  }

  /**
   * Ends the live sessions of a user but `keepId`, keys among them; answers their ids, which belong into the record so
   * that whoever follows it knows which tokens to refuse. The caller has a transaction that keeps the user's row, and
   * records the event.
   */
  async endAll(userId: string, reason: SessionEnd, by: Actor, keepId = ''): Promise<readonly string[]> {
    const ids = await this.endFound({ userId, id: Not(keepId) }, reason);
    await this.recordEnds({ targetType: 'user', targetId: userId }, ids.slice(MOST_NAMED), by, reason);
    return ids;
  }

  /** Ends the live ones of these; answers their ids. */
  private async endFound(
    which: FindOptionsWhere<Session>,
    reason: SessionEnd,
    most?: number,
  ): Promise<readonly string[]> {
    const where = { ...which, ...this.live() };
    const rows = await this.sessions.find({ select: { id: true }, where, ...(most && { take: most }) });
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await this.sessions.update({ id: In(ids), ...this.live() }, this.ended(reason));
    return ids;
  }

  private async recordEnds(
    target: Pick<AuditEntry, 'targetType' | 'targetId'>,
    ids: readonly string[],
    by: Actor,
    reason: SessionEnd = 'revoked',
  ): Promise<void> {
    for (let start = 0; start < ids.length; start += MOST_NAMED) {
      const session_ids = ids.slice(start, start + MOST_NAMED);
      const detail = { reason, ended: session_ids.length, session_ids };
      await this.audit.record({ action: 'session.ended', ...doneBy(by), ...target, detail });
    }
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
       WHERE (SELECT COUNT(*) FROM sessions WHERE user_id = ? AND ended_at IS NULL AND idle_expires_at > ? AND kind = 'device') < ?`,
      [...values, session.userId, session.createdAt, this.config.maxPerUser],
    );
    return inserted === 1;
  }

  /** Ends a user's oldest sessions until there is room for this one. */
  private async endSurplus(session: Session): Promise<void> {
    const { userId, createdAt: now } = session;
    // The idle end is never after the absolute one, so the index `sessions_user_devices` alone tells which are live.
    const where = { userId, kind: 'device' as const, endedAt: IsNull(), idleExpiresAt: MoreThan(now) };
    const beyond = { order: NEWEST_FIRST, skip: this.config.maxPerUser - 1, take: ALL };
    for (const { id } of await this.sessions.find({ select: { id: true }, where, ...beyond })) {
      await this.end(id, userId, 'replaced', { user: { id: userId }, session });
    }
  }

  private live() {
    return liveAt(this.clock.now());
  }

  private ended(reason: SessionEnd) {
    return endedAt(this.clock.now(), reason);
  }
}

/** What the record says of an event that ended these sessions; `endAll` records events for further ones. */
export function endsOf(ids: readonly string[]) {
  return { sessions_ended: ids.length, session_ids: ids.slice(0, MOST_NAMED) };
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThanOrEqual, MoreThan, Not, type Repository } from 'typeorm';
import { removeOutdated, type Outdated } from '../database/batches.js';
import { Database } from '../database/database.js';
import { limitAndOffset, withTotal, type PageQuery, type Slice } from '../platform/http/list-query.js';
import type { Instant } from '../platform/time/clock.js';
import { Session, type SessionEnd } from './session.entity.js';

/** More than any number of sessions, because both dialects want a LIMIT before an OFFSET. */
const ALL = 1_000_000_000;

function live(now: Instant) {
  return { endedAt: IsNull(), idleExpiresAt: MoreThan(now), expiresAt: MoreThan(now) };
}

/** The same, because the idle end is never after the absolute one, and read from the index `sessions_user_live` alone. */
function liveOf(userId: string, now: Instant) {
  return { userId, endedAt: IsNull(), idleExpiresAt: MoreThan(now) };
}

/** Sessions in the database. "Live" is a question of the moment, so every method that asks takes `now`. */
@Injectable()
export class SessionsRepository {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly database: Database,
  ) {}

  async insert(session: Session): Promise<void> {
    await this.sessions.insert(session);
  }

  /**
   * Inserts a session, unless its user has so many live ones already; answers whether it did. The user's row must be
   * locked, or of two at once both could be the last. One statement, which saves every sign-in that of counting.
   */
  async insertWithin(limit: number, session: Session, now: Instant): Promise<boolean> {
    const { columns } = this.sessions.metadata;
    const names = columns.map(({ databaseName }) => databaseName).join(', ');
    // MySQL wants a table where there is a condition, and may read the table that it inserts into
    // (dev.mysql.com/doc/refman/8.4/en/insert-select.html).
    const inserted = await this.database.execute(
      `INSERT INTO sessions (${names}) SELECT ${columns.map(() => '?').join(', ')} FROM (SELECT 1) AS one
       WHERE (SELECT COUNT(*) FROM sessions WHERE user_id = ? AND ended_at IS NULL AND idle_expires_at > ?) < ?`,
      [...columns.map((column) => column.getEntityValue(session)), session.userId, now, limit],
    );
    return inserted === 1;
  }

  async findByRefreshDigest(refreshDigest: string): Promise<Session | null> {
    return this.sessions.findOneBy({ refreshDigest });
  }

  /** A page of the live sessions of a user, newest first, and how many there are. */
  async findLivePage(userId: string, now: Instant, query: PageQuery): Promise<Slice<Session>> {
    const where = { userId, ...live(now) };
    const order = { createdAt: 'DESC', id: 'DESC' } as const;
    const [take, skip] = limitAndOffset(query);
    const rows = await this.sessions.find({ where, order, take, skip });
    return withTotal(query, rows, () => this.sessions.countBy(where));
  }

  /** The ids of a user's live sessions but the newest `keep`. */
  async findSurplus(userId: string, keep: number, now: Instant): Promise<string[]> {
    const order = { createdAt: 'DESC', id: 'DESC' } as const;
    const where = liveOf(userId, now);
    const rows = await this.sessions.find({ select: { id: true }, where, order, skip: keep, take: ALL });
    return rows.map(({ id }) => id);
  }

  /** Notes that a session is in use, unless somebody has noted it since `before`. */
  async touch(id: string, now: Instant, idleExpiresAt: Instant, before: Instant): Promise<void> {
    const where = { id, endedAt: IsNull(), lastSeenAt: LessThanOrEqual(before) };
    await this.sessions.update(where, { lastSeenAt: now, idleExpiresAt });
  }

  /** Notes a renewal from another address than the last one; of several that notice at once, one is told yes. */
  async noteRenewal(id: string, from: string, to: string, now: Instant, before: Instant): Promise<boolean> {
    const update = this.sessions.createQueryBuilder().update().set({ renewedIp: to, renewedIpAt: now });
    const { affected } = await update
      .where({ id, endedAt: IsNull() })
      .andWhere('COALESCE(renewed_ip, ip) = :from', { from })
      .andWhere('(renewed_ip_at IS NULL OR renewed_ip_at <= :before)', { before })
      .execute();
    return affected === 1;
  }

  /** Ends one live session of a user; answers whether it was there. */
  async end(id: string, userId: string, endReason: SessionEnd, now: Instant): Promise<boolean> {
    const { affected } = await this.sessions.update(
      { id, userId, ...live(now) },
      { endedAt: now, endReason },
    );
    return affected === 1;
  }

  /** Ends all live sessions of a user but one (`''`: all); answers how many. */
  async endAllExcept(keep: string, userId: string, endReason: SessionEnd, now: Instant): Promise<number> {
    const where = { userId, id: Not(keep), ...live(now) };
    return (await this.sessions.update(where, { endedAt: now, endReason })).affected ?? 0;
  }

  /** Ends some live sessions, of whatever user, that were opened until then, at most so many; answers how many. */
  async endSome(most: number, openedUntil: Instant, endReason: SessionEnd, now: Instant): Promise<number> {
    const where = { ...live(now), createdAt: LessThanOrEqual(openedUntil) };
    const rows = await this.sessions.find({ select: { id: true }, where, take: most });
    if (rows.length === 0) return 0;
    const ids = In(rows.map(({ id }) => id));
    return (await this.sessions.update({ id: ids, ...live(now) }, { endedAt: now, endReason })).affected ?? 0;
  }

  /** Removes rows of sessions that ended, in whatever way, at this instant or before; answers how many. */
  async removeEndedUntil(outdated: Omit<Outdated, 'key' | 'age'>): Promise<number> {
    const ended = await removeOutdated(this.sessions, { ...outdated, key: 'id', age: 'endedAt' });
    // The idle end is never after the absolute one, so it alone tells which sessions have run out.
    return ended + (await removeOutdated(this.sessions, { ...outdated, key: 'id', age: 'idleExpiresAt' }));
  }

  /** Removes a user's sessions that are over, however many. */
  async removeEndedOf(userId: string, now: Instant): Promise<void> {
    await this.removeEndedUntil({ until: now, owner: { userId } });
  }
}

import { Injectable } from '@nestjs/common';
import { removeOutdated, type Outdated } from '../database/batches.js';
import { Database } from '../database/database.js';
import { columnList, insertStatement } from '../database/entity-statements.js';
import {
  cappedCount,
  limitAndOffset,
  withTotal,
  type PageQuery,
  type Slice,
} from '../platform/http/list-query.js';
import type { Instant } from '../platform/time/clock.js';
import { Session, type SessionEnd } from './session.entity.js';

const COLUMNS = columnList(Session);
const INSERT = insertStatement(Session, 'sessions');
const LIVE = 'ended_at IS NULL AND idle_expires_at > ? AND expires_at > ?';
/** The same, because the idle end is never after the absolute one, and read from the index `sessions_user_live` alone. */
const OF_USER_LIVE = 'FROM sessions WHERE user_id = ? AND ended_at IS NULL AND idle_expires_at > ?';
const INSERT_WITHIN = INSERT.sqlWhere(`(SELECT COUNT(*) ${OF_USER_LIVE}) < ?`);

/** Sessions in the database. "Live" is a question of the moment, so every method that asks takes `now`. */
@Injectable()
export class SessionsRepository {
  constructor(private readonly database: Database) {}

  async insert(session: Session): Promise<void> {
    await this.database.execute(INSERT.sql, INSERT.values(session));
  }

  /**
   * Inserts a session, unless its user has so many live ones already; answers whether it did. The user's row must be
   * locked, or of two at once both could be the last.
   */
  async insertWithin(limit: number, session: Session, now: Instant): Promise<boolean> {
    const values = [...INSERT.values(session), session.userId, now, limit];
    return (await this.database.execute(INSERT_WITHIN, values)) === 1;
  }

  async findByRefreshDigest(digest: string): Promise<Session | undefined> {
    const rows = await this.database.query<Session[]>(
      `SELECT ${COLUMNS} FROM sessions WHERE refresh_digest = ?`,
      [digest],
    );
    return rows[0];
  }

  /** A page of the live sessions of a user, newest first, and how many there are. */
  async findLivePage(userId: string, now: Instant, query: PageQuery): Promise<Slice<Session>> {
    const rows = await this.database.query<Session[]>(
      `SELECT ${COLUMNS} FROM sessions WHERE user_id = ? AND ${LIVE}
       ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`,
      [userId, now, now, ...limitAndOffset(query)],
    );
    return withTotal(query, rows, async () => {
      const counted = await this.database.query<Array<{ total: number }>>(
        cappedCount(`SELECT id FROM sessions WHERE user_id = ? AND ${LIVE}`),
        [userId, now, now],
      );
      return counted[0]?.total ?? 0;
    });
  }

  /** The ids of a user's live sessions but the newest `keep`. */
  async findSurplus(userId: string, keep: number, now: Instant): Promise<string[]> {
    const rows = await this.database.query<Array<{ id: string }>>(
      // Both dialects want a LIMIT before OFFSET; this one is beyond any number of sessions.
      `SELECT id ${OF_USER_LIVE} ORDER BY created_at DESC, id DESC LIMIT 1000000000 OFFSET ?`,
      [userId, now, keep],
    );
    return rows.map(({ id }) => id);
  }

  /** Notes that a session is in use, unless somebody has noted it since `before`. */
  async touch(id: string, now: Instant, idleExpiresAt: Instant, before: Instant): Promise<void> {
    await this.database.execute(
      `UPDATE sessions SET last_seen_at = ?, idle_expires_at = ?
       WHERE id = ? AND ended_at IS NULL AND last_seen_at <= ?`,
      [now, idleExpiresAt, id, before],
    );
  }

  /** Notes a renewal from another address than the last one; of several that notice at once, one is told yes. */
  async noteRenewal(id: string, from: string, to: string, now: Instant, before: Instant): Promise<boolean> {
    const noted = await this.database.execute(
      `UPDATE sessions SET renewed_ip = ?, renewed_ip_at = ?
       WHERE id = ? AND COALESCE(renewed_ip, ip) = ? AND ended_at IS NULL
         AND (renewed_ip_at IS NULL OR renewed_ip_at <= ?)`,
      [to, now, id, from, before],
    );
    return noted === 1;
  }

  /** Ends one live session of a user; answers whether it was there. */
  async end(id: string, userId: string, reason: SessionEnd, now: Instant): Promise<boolean> {
    const ended = await this.database.execute(
      `UPDATE sessions SET ended_at = ?, end_reason = ? WHERE id = ? AND user_id = ? AND ${LIVE}`,
      [now, reason, id, userId, now, now],
    );
    return ended === 1;
  }

  /** Ends all live sessions of a user but one (`''`: all); answers how many. */
  async endAllExcept(keepId: string, userId: string, reason: SessionEnd, now: Instant): Promise<number> {
    return this.database.execute(
      `UPDATE sessions SET ended_at = ?, end_reason = ? WHERE user_id = ? AND id <> ? AND ${LIVE}`,
      [now, reason, userId, keepId, now, now],
    );
  }

  /** Ends some live sessions of whomever, at most so many; answers how many. */
  async endSome(most: number, reason: SessionEnd, now: Instant): Promise<number> {
    const rows = await this.database.query<Array<{ id: string }>>(
      `SELECT id FROM sessions WHERE ${LIVE} LIMIT ?`,
      [now, now, most],
    );
    if (rows.length === 0) return 0;
    return this.database.execute(
      `UPDATE sessions SET ended_at = ?, end_reason = ?
       WHERE id IN (${rows.map(() => '?').join(', ')}) AND ${LIVE}`,
      [now, reason, ...rows.map(({ id }) => id), now, now],
    );
  }

  /** Removes rows of sessions that ended, in whatever way, at this instant or before; answers how many. */
  async removeEndedUntil(instant: Instant, owner?: Outdated['owner']): Promise<number> {
    const rows = { table: 'sessions', key: 'id', until: instant, owner };
    const ended = await removeOutdated(this.database, { ...rows, age: 'ended_at' });
    // The idle end is never after the absolute one, so it alone tells which sessions have run out.
    return ended + (await removeOutdated(this.database, { ...rows, age: 'idle_expires_at' }));
  }

  /** Removes a user's sessions that are over, however many. */
  async removeEndedOf(userId: string, now: Instant): Promise<void> {
    while ((await this.removeEndedUntil(now, { column: 'user_id', id: userId })) > 0);
  }
}

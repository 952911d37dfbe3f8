import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { columnList, insertStatement } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import { Session, type SessionEnd } from './session.entity.js';

const COLUMNS = columnList(Session);
const INSERT = insertStatement(Session, 'sessions');
const LIVE = 'ended_at IS NULL AND idle_expires_at > ? AND expires_at > ?';

/** Sessions in the database. "Live" is a question of the moment, so every method that asks takes `now`. */
@Injectable()
export class SessionsRepository {
  constructor(private readonly database: Database) {}

  async insert(session: Session): Promise<void> {
    await this.database.execute(INSERT.sql, INSERT.values(session));
  }

  /** The session by primary key, whatever its state: the read of every authenticated call. */
  async findById(id: string): Promise<Session | undefined> {
    const rows = await this.database.query<Session>(`SELECT ${COLUMNS} FROM sessions WHERE id = ?`, [id]);
    return rows[0];
  }

  async findByRefreshDigest(digest: string): Promise<Session | undefined> {
    const rows = await this.database.query<Session>(
      `SELECT ${COLUMNS} FROM sessions WHERE refresh_digest = ?`,
      [digest],
    );
    return rows[0];
  }

  /** Live sessions of a user, newest first. */
  async findLive(userId: string, now: Instant): Promise<Session[]> {
    return this.database.query<Session>(
      `SELECT ${COLUMNS} FROM sessions WHERE user_id = ? AND ${LIVE} ORDER BY created_at DESC, id DESC`,
      [userId, now, now],
    );
  }

  /** Notes that a session is in use, unless somebody has noted it since `before`. */
  async touch(id: string, now: Instant, idleExpiresAt: Instant, before: Instant): Promise<void> {
    await this.database.execute(
      `UPDATE sessions SET last_seen_at = ?, idle_expires_at = ?
       WHERE id = ? AND ended_at IS NULL AND last_seen_at <= ?`,
      [now, idleExpiresAt, id, before],
    );
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
}

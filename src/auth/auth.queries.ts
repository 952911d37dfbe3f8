import { Injectable } from '@nestjs/common';
import { readRoleKeys, roleKeysOf } from '../access/access.repository.js';
import { Database } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import { Session } from '../sessions/session.entity.js';
import type { SessionLife } from '../sessions/sessions.service.js';
import type { Identifier } from '../users/identifiers.js';
import { User, type UserStatus } from '../users/user.entity.js';

/** What a sign-in asks about an account. */
export interface Account {
  readonly user: User;
  /** The stored password, if it has one. */
  readonly hash: string | null;
  /** When a sign-in from the client's network was last noted. */
  readonly addressNotedAt: Instant | null;
}

/** A session as a call finds it, whatever state it and its user are in. */
export interface SessionOfCall {
  readonly session: SessionLife;
  readonly user: User;
  /** The keys of the user's roles, sorted. */
  readonly roles: readonly string[];
}

/** A session as a renewal finds it. */
export interface SessionOfRenewal {
  readonly session: Session;
  readonly userStatus: UserStatus;
}

// Scalar subqueries and `(SELECT ?)`: SQLite would plan a join anew for every value that is compared directly.
const ACCOUNT = `
  SELECT ${columnList(User)},
    (SELECT hash FROM password_credentials WHERE user_id = users.id) AS hash,
    (SELECT signed_in_at FROM known_addresses WHERE user_id = users.id AND address = ?) AS "addressNotedAt"
  FROM users`;

const SESSION_OF_CALL = `
  SELECT ${columnList(User, 'users')}, last_seen_at AS "lastSeenAt", idle_expires_at AS "idleExpiresAt",
    expires_at AS "expiresAt", ended_at AS "endedAt",
    ${roleKeysOf('users.id')} AS "roleKeys"
  FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = (SELECT ?)`;

const SESSION_OF_RENEWAL = `
  SELECT ${columnList(Session)}, (SELECT status FROM users WHERE users.id = user_id) AS "userStatus"
  FROM sessions WHERE refresh_digest = ?`;

/** The reads that join several modules' tables, because each further statement costs more than what it reads. */
@Injectable()
export class AuthQueries {
  constructor(private readonly database: Database) {}

  /** @param network the client's, as attempts are counted */
  async findAccount({ kind, value }: Identifier, network: string): Promise<Account | undefined> {
    const rows = await this.database.query<Array<User & Omit<Account, 'user'>>>(
      `${ACCOUNT} WHERE ${kind} = ?`,
      [network, value],
    );
    if (rows[0] === undefined) return undefined;
    const { hash, addressNotedAt, ...user } = rows[0];
    return { user, hash, addressNotedAt };
  }

  /** The read of every call with an access token. */
  async findSessionOfCall(id: string): Promise<SessionOfCall | undefined> {
    const rows = await this.database.query<
      Array<User & Omit<SessionLife, 'id'> & { readonly roleKeys: string | null }>
    >(SESSION_OF_CALL, [id]);
    if (rows[0] === undefined) return undefined;
    const { lastSeenAt, idleExpiresAt, expiresAt, endedAt, roleKeys, ...user } = rows[0];
    const session = { id, lastSeenAt, idleExpiresAt, expiresAt, endedAt };
    return { session, user, roles: readRoleKeys(roleKeys) };
  }

  /** The read of every renewal. */
  async findSessionOfRenewal(refreshDigest: string): Promise<SessionOfRenewal | undefined> {
    const rows = await this.database.query<Array<Session & Pick<SessionOfRenewal, 'userStatus'>>>(
      SESSION_OF_RENEWAL,
      [refreshDigest],
    );
    if (rows[0] === undefined) return undefined;
    const { userStatus, ...session } = rows[0];
    return { session, userStatus };
  }
}

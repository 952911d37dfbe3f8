import { Injectable } from '@nestjs/common';
import {
  listedPermissionsOf,
  readListedPermissions,
  readRoleKeys,
  roleKeysOf,
} from '../access/access.repository.js';
import { networksOf, scopesOf } from '../api-keys/keys.service.js';
import { Database } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import { Session, type SessionKind } from '../sessions/session.entity.js';
import type { SessionLife } from '../sessions/session-life.js';
import { User, type UserStatus } from '../users/user.entity.js';

/** A session as a call finds it, whatever state it and its user are in. */
export interface SessionOfCall {
  readonly session: SessionLife & { readonly authenticatedAt: Instant };
  readonly user: User;
  /** The keys of the user's roles, sorted. */
  readonly roles: readonly string[];
  /** Of a key: what bounds it. */
  readonly scopes: readonly string[] | null;
  readonly networks: readonly string[];
  /** What the roles of a key's owner list; see `AuthContext.listed`. */
  readonly listed: ReadonlySet<string> | undefined;
}

/** A session as a renewal finds it. */
export interface SessionOfRenewal {
  readonly session: Session;
  readonly userStatus: UserStatus;
  readonly networks: readonly string[];
}

/** Where a session is that of a key, from where alone the key works; nothing is looked up for a device. */
const NETWORKS =
  "CASE WHEN sessions.kind = 'key' THEN (SELECT networks FROM api_keys WHERE session_id = sessions.id) END AS networks";

const SESSION_OF_CALL = `
  SELECT ${columnList(User, 'users')}, sessions.id AS "sessionId", sessions.kind AS "sessionKind", scopes, ${NETWORKS},
    COALESCE(authenticated_at, sessions.created_at) AS "authenticatedAt",
    last_seen_at AS "lastSeenAt", idle_expires_at AS "idleExpiresAt", expires_at AS "expiresAt", ended_at AS "endedAt",
    ${roleKeysOf('users.id')} AS "roleKeys",
    CASE WHEN sessions.kind = 'key' THEN ${listedPermissionsOf('users.id')} END AS listed
  FROM sessions JOIN users ON users.id = user_id`;

// `(SELECT ?)`: SQLite would plan a join anew for every value that is compared directly.
const BY_ID = `${SESSION_OF_CALL} WHERE sessions.id = (SELECT ?)`;
const BY_KEY = `${SESSION_OF_CALL} WHERE refresh_digest = (SELECT ?) AND sessions.kind = 'key'`;

type RowOfCall = User &
  Omit<SessionOfCall['session'], 'id' | 'kind'> & {
    readonly sessionId: string;
    readonly sessionKind: SessionKind;
    readonly scopes: string | null;
    readonly networks: string | null;
    readonly roleKeys: string | null;
    readonly listed: string | null;
  };

const SESSION_OF_RENEWAL = `
  SELECT ${columnList(Session)}, (SELECT status FROM users WHERE users.id = user_id) AS "userStatus", ${NETWORKS}
  FROM sessions WHERE refresh_digest = ?`;

/** The reads that join several modules' tables, because each further statement costs more than what it reads. */
@Injectable()
export class AuthQueries {
  constructor(private readonly database: Database) {}

  /** The read of every call with an access token. */
  async findSessionOfCall(id: string): Promise<SessionOfCall | undefined> {
    return toSessionOfCall(await this.database.query<RowOfCall[]>(BY_ID, [id]));
  }

  /** The read of every call with a key. */
  async findSessionOfKey(digest: string): Promise<SessionOfCall | undefined> {
    return toSessionOfCall(await this.database.query<RowOfCall[]>(BY_KEY, [digest]));
  }

  /** The read of every renewal. */
  async findSessionOfRenewal(refreshDigest: string): Promise<SessionOfRenewal | undefined> {
    const rows = await this.database.query<
      Array<Session & Pick<SessionOfRenewal, 'userStatus'> & { readonly networks: string | null }>
    >(SESSION_OF_RENEWAL, [refreshDigest]);
    if (rows[0] === undefined) return undefined;
    const { userStatus, networks, ...session } = rows[0];
    return { session, userStatus, networks: networksOf(networks) };
  }
}

function toSessionOfCall([row]: readonly RowOfCall[]): SessionOfCall | undefined {
  if (row === undefined) return undefined;
  const { sessionId: id, sessionKind: kind, scopes, networks, roleKeys, listed, ...rest } = row;
  const { authenticatedAt, lastSeenAt, idleExpiresAt, expiresAt, endedAt, ...user } = rest;
  return {
    session: { id, kind, authenticatedAt, lastSeenAt, idleExpiresAt, expiresAt, endedAt },
    user,
    roles: readRoleKeys(roleKeys),
    scopes: kind === 'key' ? scopesOf(scopes) : null,
    networks: networksOf(networks),
    listed: kind === 'key' ? readListedPermissions(listed) : undefined,
  };
}

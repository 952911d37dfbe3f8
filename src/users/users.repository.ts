import { Injectable } from '@nestjs/common';
import { Database, type SqlValue } from '../database/database.js';
import { columnList, insertStatement } from '../database/entity-statements.js';
import { isUuid } from '../platform/crypto/random.js';
import type { Instant } from '../platform/time/clock.js';
import type { SessionLife } from '../sessions/sessions.service.js';
import type { Identifier } from './identifiers.js';
import type { ProfileChanges } from './profile.js';
import { searchForm } from './search-form.js';
import { User, type UserStatus } from './user.entity.js';

const COLUMNS = columnList(User);
const INSERT = insertStatement(User, 'users');
const ROLE_KEYS = `
  (SELECT GROUP_CONCAT(role_key) FROM user_roles JOIN roles ON roles.id = role_id WHERE user_id = users.id)`;
const WITH_ROLES = `${columnList(User, 'users')}, ${ROLE_KEYS} AS "roleKeys"`;

/** A user together with the keys of the roles that it holds. */
export interface UserWithRoles {
  readonly user: User;
  readonly roles: readonly string[];
}

/** A user as one of their sessions finds them. */
export interface UserOfSession extends UserWithRoles {
  readonly session: SessionLife;
}

type RowWithRoles = User & { readonly roleKeys: string | null };
type RowOfSession = RowWithRoles & Omit<SessionLife, 'id'>;

/** Users in the database. */
@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  /** @throws DuplicateKeyError with the key `users_username`, `users_email` or `users_phone` */
  async insert(user: User): Promise<void> {
    await this.database.execute(INSERT.sql, INSERT.values(user));
  }

  async findById(id: string): Promise<User | undefined> {
    // MySQL ignores blanks after an id, so what is no id is not asked for.
    if (!isUuid(id)) return undefined;
    const rows = await this.database.query<User[]>(`SELECT ${COLUMNS} FROM users WHERE id = ?`, [id]);
    return rows[0];
  }

  /** With the keys of the roles that the user holds, sorted. */
  async findWithRoles(id: string): Promise<UserWithRoles | undefined> {
    if (!isUuid(id)) return undefined;
    const rows = await this.database.query<RowWithRoles[]>(`SELECT ${WITH_ROLES} FROM users WHERE id = ?`, [
      id,
    ]);
    return rows[0] && withRoles(rows[0]);
  }

  /** With the roles and the state of the session, whatever it is: the read of every authenticated call. */
  async findBySession(id: string): Promise<UserOfSession | undefined> {
    const rows = await this.database.query<RowOfSession[]>(
      // (SELECT ?), because SQLite plans a join anew for every value that is compared directly.
      `SELECT ${WITH_ROLES}, last_seen_at AS "lastSeenAt", idle_expires_at AS "idleExpiresAt",
         expires_at AS "expiresAt", ended_at AS "endedAt"
       FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = (SELECT ?)`,
      [id],
    );
    if (rows[0] === undefined) return undefined;
    const { lastSeenAt, idleExpiresAt, expiresAt, endedAt, ...row } = rows[0];
    return { ...withRoles(row), session: { id, lastSeenAt, idleExpiresAt, expiresAt, endedAt } };
  }

  /** Each kind of identifier is looked up in its own column only. */
  async findByIdentifier({ kind, value }: Identifier): Promise<User | undefined> {
    const rows = await this.database.query<User[]>(`SELECT ${COLUMNS} FROM users WHERE ${kind} = ?`, [value]);
    return rows[0];
  }

  async existsAny(): Promise<boolean> {
    const rows = await this.database.query('SELECT id FROM users LIMIT 1');
    return rows.length > 0;
  }

  /**
   * Notes a sign-in, if the user is still active and has still the password that was verified. It also locks the
   * row until the transaction ends, which is what serialises the sign-ins of one user.
   */
  async recordSignIn(id: string, credentialVersion: number, now: Instant): Promise<boolean> {
    const matched = await this.database.execute(
      `UPDATE users SET last_sign_in_at = ? WHERE id = ? AND status = 'active' AND credential_version = ?`,
      [now, id, credentialVersion],
    );
    return matched === 1;
  }

  /** Notes a new password; answers whether there is such a user and, if asked for, still the verified password. */
  async recordPasswordChange(id: string, now: Instant, verifiedVersion?: number): Promise<boolean> {
    const matched = await this.database.execute(
      `UPDATE users SET credential_version = credential_version + 1, password_change_at = ?, updated_at = ?
       WHERE id = ? AND credential_version = COALESCE(?, credential_version)`,
      [now, now, id, verifiedVersion ?? null],
    );
    return matched === 1;
  }

  /** Changes the full name; answers whether it was another one before. */
  async rename(id: string, fullName: string, now: Instant): Promise<boolean> {
    const changed = await this.database.execute(
      'UPDATE users SET full_name = ?, search_name = ?, updated_at = ? WHERE id = ? AND full_name <> ?',
      [fullName, searchForm(fullName), now, id, fullName],
    );
    return changed === 1;
  }

  /** Changes these columns and no other, so that a change of another one at the same time stays. */
  async update(id: string, changes: ProfileChanges, now: Instant): Promise<void> {
    const columns = {
      fullName: 'full_name',
      searchName: 'search_name',
      email: 'email',
      phone: 'phone',
    } as const;
    const assignments: string[] = ['updated_at = ?'];
    const values: SqlValue[] = [now];
    for (const [name, column] of Object.entries(columns)) {
      const value = new Map(Object.entries(changes)).get(name);
      if (value === undefined) continue;
      assignments.push(`${column} = ?`);
      values.push(value);
    }
    await this.database.execute(`UPDATE users SET ${assignments.join(', ')} WHERE id = ?`, [...values, id]);
  }

  async setStatus(id: string, status: UserStatus, now: Instant): Promise<void> {
    await this.database.execute('UPDATE users SET status = ?, updated_at = ? WHERE id = ?', [
      status,
      now,
      id,
    ]);
  }

  /** Removes a user; the password, sessions and roles go with the row. */
  async delete(id: string): Promise<void> {
    await this.database.execute('DELETE FROM users WHERE id = ?', [id]);
  }

  /** Whether an active user other than this one holds a role. */
  async existsOtherActiveHolder(roleKey: string, exceptId: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT users.id FROM users JOIN user_roles held ON held.user_id = users.id
       WHERE held.role_id = (SELECT id FROM roles WHERE role_key = ?) AND users.id <> ? AND users.status = 'active'
       LIMIT 1`,
      [roleKey, exceptId],
    );
    return rows.length > 0;
  }
}

function withRoles({ roleKeys, ...user }: RowWithRoles): UserWithRoles {
  return { user, roles: roleKeys?.split(',').sort() ?? [] };
}

import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Instant } from '../platform/time/clock.js';

/** What this module knows of a user: who it is and since when, which orders the holders of a role. */
export interface RoleHolder {
  readonly id: string;
  readonly createdAt: Instant;
}

/** Who holds which role, in the database. */
@Injectable()
export class AccessRepository {
  constructor(private readonly database: Database) {}

  /**
   * Locks the row of a role until the transaction ends. An UPDATE, because SQLite has no SELECT … FOR UPDATE; it
   * locks on MySQL although it changes nothing.
   */
  async lockRole(roleKey: string): Promise<void> {
    const locked = await this.database.execute('UPDATE roles SET built_in = built_in WHERE role_key = ?', [
      roleKey,
    ]);
    if (locked !== 1) throw new Error(`The role ${roleKey} is missing from the database.`);
  }

  /** The keys of a user's roles, sorted. */
  async findRoleKeys(userId: string): Promise<string[]> {
    const rows = await this.database.query<Array<{ roleKey: string }>>(
      `SELECT role_key AS roleKey FROM roles
       WHERE id IN (SELECT role_id FROM user_roles WHERE user_id = ?) ORDER BY role_key`,
      [userId],
    );
    return rows.map(({ roleKey }) => roleKey);
  }

  /** The role keys of several users, sorted; users without a role are absent. */
  async findRoleKeysOfAll(userIds: readonly string[]): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    if (userIds.length === 0) return found;
    const rows = await this.database.query<Array<{ userId: string; roleKey: string }>>(
      // Not a join: MySQL would begin with the few roles, and read all who hold them.
      `SELECT user_id AS "userId", (SELECT role_key FROM roles WHERE roles.id = user_roles.role_id) AS "roleKey"
       FROM user_roles WHERE user_id IN (${userIds.map(() => '?').join(', ')})`,
      userIds,
    );
    for (const { userId, roleKey } of rows) found.set(userId, [...(found.get(userId) ?? []), roleKey].sort());
    return found;
  }

  /** The permissions that a user's roles list; `administrator` lists none. */
  async findPermissions(userId: string): Promise<string[]> {
    const rows = await this.database.query<Array<{ permission: string }>>(
      `SELECT DISTINCT permission FROM role_permissions
       WHERE role_id IN (SELECT role_id FROM user_roles WHERE user_id = ?)`,
      [userId],
    );
    return rows.map(({ permission }) => permission);
  }

  /** Which of these keys are no role's. */
  async findUnknownKeys(roleKeys: readonly string[]): Promise<string[]> {
    if (roleKeys.length === 0) return [];
    const rows = await this.database.query<Array<{ roleKey: string }>>(
      `SELECT role_key AS roleKey FROM roles WHERE role_key IN (${roleKeys.map(() => '?').join(', ')})`,
      roleKeys,
    );
    const known = new Set(rows.map(({ roleKey }) => roleKey));
    return roleKeys.filter((key) => !known.has(key));
  }

  /** The permissions that the rows of a role list. */
  async findPermissionsOfRole(roleKey: string): Promise<string[]> {
    const rows = await this.database.query<Array<{ permission: string }>>(
      'SELECT permission FROM role_permissions WHERE role_id = (SELECT id FROM roles WHERE role_key = ?)',
      [roleKey],
    );
    return rows.map(({ permission }) => permission);
  }

  /** Gives a role by its key, which exists. Giving it twice is no error. */
  async grant({ id, createdAt }: RoleHolder, roleKey: string): Promise<void> {
    await this.database.execute(
      `INSERT INTO user_roles (user_id, role_id, user_created_at)
       SELECT ?, id, ? FROM roles WHERE role_key = ?
       AND NOT EXISTS (SELECT 1 FROM user_roles held WHERE held.user_id = ? AND held.role_id = roles.id)`,
      [id, createdAt, roleKey, id],
    );
  }

  async revoke(userId: string, roleKey: string): Promise<void> {
    await this.database.execute(
      'DELETE FROM user_roles WHERE user_id = ? AND role_id = (SELECT id FROM roles WHERE role_key = ?)',
      [userId, roleKey],
    );
  }
}

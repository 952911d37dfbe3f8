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

  /** The keys of a user's roles, sorted. */
  async findRoleKeys(userId: string): Promise<string[]> {
    const rows = await this.database.query<{ roleKey: string }>(
      `SELECT role_key AS roleKey FROM roles
       WHERE id IN (SELECT role_id FROM user_roles WHERE user_id = ?) ORDER BY role_key`,
      [userId],
    );
    return rows.map(({ roleKey }) => roleKey);
  }

  /** The permissions that a user's roles list; `administrator` lists none. */
  async findPermissions(userId: string): Promise<string[]> {
    const rows = await this.database.query<{ permission: string }>(
      `SELECT DISTINCT permission FROM role_permissions
       WHERE role_id IN (SELECT role_id FROM user_roles WHERE user_id = ?)`,
      [userId],
    );
    return rows.map(({ permission }) => permission);
  }

  /** Gives a role by its key; answers whether there is such a role. Giving it twice is no error. */
  async grant({ id, createdAt }: RoleHolder, roleKey: string): Promise<boolean> {
    const granted = await this.database.execute(
      `INSERT INTO user_roles (user_id, role_id, user_created_at)
       SELECT ?, id, ? FROM roles WHERE role_key = ?
       AND NOT EXISTS (SELECT 1 FROM user_roles held WHERE held.user_id = ? AND held.role_id = roles.id)`,
      [id, createdAt, roleKey, id],
    );
    return granted === 1;
  }
}

import { Injectable } from '@nestjs/common';
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
import { Role, RolePermission } from './role.entity.js';
import type { ListRolesQuery } from './roles.dto.js';

/** What this module knows of a user: who it is and since when, which orders the holders of a role. */
export interface RoleHolder {
  readonly id: string;
  readonly createdAt: Instant;
}

/** The key of a role and a permission that it lists; `null` for a role that lists none. */
export interface Grant {
  readonly roleKey: string;
  readonly permission: string | null;
}

const COLUMNS = columnList(Role);
const INSERT = insertStatement(Role, 'roles');
const INSERT_PERMISSIONS = insertStatement(RolePermission, 'role_permissions');
const GRANTS =
  'SELECT role_key AS "roleKey", permission FROM roles LEFT JOIN role_permissions ON role_id = roles.id';

/** What a list of roles is sorted by, as its column. */
const SORT_COLUMNS = { key: 'role_key', name: 'name', created_at: 'created_at' } as const;

/** A column for other modules' statements: the keys of the roles of the user whose id `userId` names in SQL. */
export function roleKeysOf(userId: string): string {
  return `(SELECT GROUP_CONCAT(role_key) FROM user_roles JOIN roles ON roles.id = role_id WHERE user_id = ${userId})`;
}

/** The sorted keys in such a column. */
export function readRoleKeys(column: string | null): string[] {
  return column?.split(',').sort() ?? [];
}

/** For other modules' statements: the ids of the users who hold the role whose key is the parameter. */
export const HOLDERS_OF_ROLE =
  '(SELECT user_id FROM user_roles WHERE role_id = (SELECT id FROM roles WHERE role_key = ?))';

/** Roles, what they permit and who holds them, in the database. */
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

  /** All that the roles of a user grant. */
  async findGrantsOfUser(userId: string): Promise<Grant[]> {
    return this.database.query<Grant[]>(
      `${GRANTS} WHERE roles.id IN (SELECT role_id FROM user_roles WHERE user_id = ?)`,
      [userId],
    );
  }

  /** All that these roles grant; a key that is no role's is absent. */
  async findGrantsOfRoles(roleKeys: readonly string[]): Promise<Grant[]> {
    if (roleKeys.length === 0) return [];
    return this.database.query<Grant[]>(`${GRANTS} WHERE role_key IN (${places(roleKeys)})`, roleKeys);
  }

  /** Gives roles that exist and that the user does not hold. */
  async give({ id, createdAt }: RoleHolder, roleKeys: readonly string[]): Promise<void> {
    if (roleKeys.length === 0) return;
    await this.database.execute(
      `INSERT INTO user_roles (user_id, role_id, user_created_at)
       SELECT ?, id, ? FROM roles WHERE role_key IN (${places(roleKeys)})`,
      [id, createdAt, ...roleKeys],
    );
  }

  async take(userId: string, roleKeys: readonly string[]): Promise<void> {
    if (roleKeys.length === 0) return;
    await this.database.execute(
      `DELETE FROM user_roles WHERE user_id = ?
       AND role_id IN (SELECT id FROM roles WHERE role_key IN (${places(roleKeys)}))`,
      [userId, ...roleKeys],
    );
  }

  /** @throws DuplicateKeyError with the key `roles_role_key` */
  async insert(role: Role): Promise<void> {
    await this.database.execute(INSERT.sql, INSERT.values(role));
  }

  async findById(id: string): Promise<Role | undefined> {
    const rows = await this.database.query<Role[]>(`SELECT ${COLUMNS} FROM roles WHERE id = ?`, [id]);
    return rows[0];
  }

  async findPage(query: PageQuery & Pick<ListRolesQuery, 'sort'>): Promise<Slice<Role>> {
    const direction = query.sort.descending ? 'DESC' : 'ASC';
    const rows = await this.database.query<Role[]>(
      `SELECT ${COLUMNS} FROM roles
       ORDER BY ${SORT_COLUMNS[query.sort.field]} ${direction}, id ${direction} LIMIT ? OFFSET ?`,
      limitAndOffset(query),
    );
    return withTotal(query, rows, async () => {
      const counted = await this.database.query<Array<{ total: number }>>(
        cappedCount('SELECT id FROM roles'),
      );
      return counted[0]?.total ?? 0;
    });
  }

  async update({ id, name, description, updatedAt }: Role): Promise<void> {
    await this.database.execute('UPDATE roles SET name = ?, description = ?, updated_at = ? WHERE id = ?', [
      name,
      description,
      updatedAt,
      id,
    ]);
  }

  /** Deletes a role that nobody holds; answers whether it was there and free. */
  async deleteUnused(id: string): Promise<boolean> {
    const deleted = await this.database.execute(
      'DELETE FROM roles WHERE id = ? AND NOT EXISTS (SELECT 1 FROM user_roles WHERE role_id = ?)',
      [id, id],
    );
    return deleted === 1;
  }

  async addPermissions(roleId: string, permissions: readonly string[]): Promise<void> {
    if (permissions.length === 0) return;
    await this.database.execute(
      INSERT_PERMISSIONS.sqlForRows(permissions.length),
      permissions.flatMap((permission) => INSERT_PERMISSIONS.values({ roleId, permission })),
    );
  }

  async removePermissions(roleId: string, permissions: readonly string[]): Promise<void> {
    if (permissions.length === 0) return;
    await this.database.execute(
      `DELETE FROM role_permissions WHERE role_id = ? AND permission IN (${places(permissions)})`,
      [roleId, ...permissions],
    );
  }
}

function places(values: readonly string[]): string {
  return values.map(() => '?').join(', ');
}

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
import type { ListRolesQuery } from './roles.dto.js';
import { Role, RolePermission } from './role.entity.js';

const COLUMNS = columnList(Role);
const INSERT = insertStatement(Role, 'roles');
const INSERT_PERMISSION = insertStatement(RolePermission, 'role_permissions');

/** What a list of roles is sorted by, as its column. */
const SORT_COLUMNS = { key: 'role_key', name: 'name', created_at: 'created_at' } as const;

/** Roles in the database. */
@Injectable()
export class RolesRepository {
  constructor(private readonly database: Database) {}

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

  /** The permissions of several roles, as their rows list them. */
  async findPermissions(roleIds: readonly string[]): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    if (roleIds.length === 0) return found;
    const rows = await this.database.query<RolePermission[]>(
      `SELECT ${columnList(RolePermission)} FROM role_permissions
       WHERE role_id IN (${roleIds.map(() => '?').join(', ')}) ORDER BY permission`,
      roleIds,
    );
    for (const { roleId, permission } of rows) found.set(roleId, [...(found.get(roleId) ?? []), permission]);
    return found;
  }

  async addPermissions(roleId: string, permissions: readonly string[]): Promise<void> {
    for (const permission of permissions) {
      await this.database.execute(INSERT_PERMISSION.sql, INSERT_PERMISSION.values({ roleId, permission }));
    }
  }

  async removePermissions(roleId: string, permissions: readonly string[]): Promise<void> {
    for (const permission of permissions) {
      await this.database.execute('DELETE FROM role_permissions WHERE role_id = ? AND permission = ?', [
        roleId,
        permission,
      ]);
    }
  }
}

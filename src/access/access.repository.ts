import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, Not, type FindOptionsWhere, type Repository } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';
import { ApplicationPermission } from './application.entity.js';
import { Role, RolePermission, UserRole } from './role.entity.js';

/** What this module knows of a user. The date of its creation orders the holders of a role. */
export interface RoleHolder {
  readonly id: string;
  readonly createdAt: Instant;
}

/** The key of a role and a permission that it lists; `null` for a role that lists none. */
export interface Grant {
  readonly roleKey: string;
  readonly permission: string | null;
}

/** A column for other modules' statements: the keys of the roles of the user whose id `userId` names in SQL. */
export function roleKeysOf(userId: string): string {
  return `(SELECT GROUP_CONCAT(role_key) FROM user_roles JOIN roles ON roles.id = role_id WHERE user_id = ${userId})`;
}

/** The sorted keys in such a column. */
export function readRoleKeys(column: string | null): string[] {
  return column?.split(',').sort() ?? [];
}

/** Longer lists are cut by MySQL: see `group_concat_max_len` in database/mysql-database.ts. */
const MOST_CONCATENATED = 1_000_000;

/** A column for other modules' statements: the permissions that the roles of a user list. */
export function listedPermissionsOf(userId: string): string {
  return `(SELECT GROUP_CONCAT(permission) FROM role_permissions JOIN user_roles ON user_roles.role_id = role_permissions.role_id
    WHERE user_id = ${userId})`;
}

/** The permissions in such a column; undefined where they may not all be there. */
export function readListedPermissions(column: string | null): ReadonlySet<string> | undefined {
  if (column === null) return new Set();
  return column.length > MOST_CONCATENATED ? undefined : new Set(column.split(','));
}

/** For other modules' statements: the ids of the users who hold the role whose key is `:roleKey`. */
export const HOLDERS_OF_ROLE =
  '(SELECT user_id FROM user_roles WHERE role_id = (SELECT id FROM roles WHERE role_key = :roleKey))';

/** The same for any of the roles whose keys are `:...roleKeys`. */
export const HOLDERS_OF_ROLES =
  '(SELECT user_id FROM user_roles WHERE role_id IN (SELECT id FROM roles WHERE role_key IN (:...roleKeys)))';

/** Whether a permission is one that an application declares, and not one of Gatehouse's own. */
export function isOfApplication(permission: string): boolean {
  return permission.includes('/');
}

/** What roles permit and who holds them, in the database. */
@Injectable()
export class AccessRepository {
  constructor(
    @InjectRepository(Role) private readonly roles: Repository<Role>,
    @InjectRepository(UserRole) private readonly userRoles: Repository<UserRole>,
    @InjectRepository(ApplicationPermission)
    private readonly ofApplications: Repository<ApplicationPermission>,
  ) {}

  /**
   * Locks the row of a role until the transaction ends. An UPDATE, because SQLite has no SELECT … FOR UPDATE; it
   * locks on MySQL although it changes nothing.
   */
  async lockRole(key: string): Promise<void> {
    const { affected } = await this.roles.update({ key }, { builtIn: () => 'built_in' });
    if (affected !== 1) throw new Error(`The role ${key} is missing from the database.`);
  }

  async existsRole(key: string): Promise<boolean> {
    return this.roles.existsBy({ key });
  }

  /** On MySQL: keeps others from changing the row of a role until the transaction ends; many may do so at once. */
  async shareRole(key: string): Promise<void> {
    await this.roles.query('SELECT id FROM roles WHERE role_key = ? LOCK IN SHARE MODE', [key]);
  }

  /**
   * Which of these permissions the roles of a user list. Prepared by hand, because each call that needs a permission asks
   * for it: a query builder would take twice the time.
   */
  async findListed(userId: string, permissions: readonly string[]): Promise<string[]> {
    const rows = await this.roles.query<Array<{ permission: string }>>(
      `SELECT permission FROM role_permissions WHERE permission IN (${permissions.map(() => '?').join(', ')})
       AND role_id IN (SELECT role_id FROM user_roles WHERE user_id = ?)`,
      [...permissions, userId],
    );
    return rows.map(({ permission }) => permission);
  }

  /** All that the roles of a user grant. */
  async findGrantsOfUser(userId: string): Promise<Grant[]> {
    return this.roles.query<Grant[]>(
      `SELECT role_key AS "roleKey", permission FROM roles LEFT JOIN role_permissions ON role_id = roles.id
       WHERE roles.id IN (SELECT role_id FROM user_roles WHERE user_id = ?)`,
      [userId],
    );
  }

  /** All that these roles grant; a key that is no role's is absent. */
  async findGrantsOfRoles(roleKeys: readonly string[]): Promise<Grant[]> {
    return this.roles
      .createQueryBuilder('role')
      .leftJoin(RolePermission, 'listed', 'listed.roleId = role.id')
      .select('role.key', 'roleKey')
      .addSelect('listed.permission', 'permission')
      .where({ key: In(roleKeys) })
      .getRawMany<Grant>();
  }

  /** Every permission of every application. */
  async findOfApplications(): Promise<string[]> {
    const rows = await this.ofApplications.find({ select: { permission: true } });
    return rows.map(({ permission }) => permission);
  }

  /** Which of these permissions of applications are declared, or were and still count. */
  async findKnownOfApplications(permissions: readonly string[]): Promise<string[]> {
    if (permissions.length === 0) return [];
    const rows = await this.ofApplications.find({
      select: { permission: true },
      where: { permission: In(permissions) },
    });
    return rows.map(({ permission }) => permission);
  }

  /** The ids of the roles that list a permission, and that of the role which holds everything. */
  async findRolesWith(permission: string, administrator: string): Promise<string[]> {
    const rows = await this.roles.query<Array<{ id: string }>>(
      'SELECT role_id AS id FROM role_permissions WHERE permission = ? UNION SELECT id FROM roles WHERE role_key = ?',
      [permission, administrator],
    );
    return rows.map(({ id }) => id);
  }

  /** How many of these permissions of applications can be granted. */
  async countGrantable(permissions: readonly string[]): Promise<number> {
    return this.ofApplications.countBy({ permission: In(permissions), retiredAt: IsNull() });
  }

  /** Removes those of these permissions that their application has retired and no role lists any more. */
  async forgetDropped(permissions: readonly string[]): Promise<void> {
    const candidates = permissions.filter(isOfApplication);
    if (candidates.length > 0)
      await this.forgetUnlisted({ permission: In(candidates), retiredAt: Not(IsNull()) });
  }

  /** Removes those of these permissions that no role lists. */
  async forgetUnlisted(which: FindOptionsWhere<ApplicationPermission>): Promise<void> {
    const isUnlisted =
      'NOT EXISTS (SELECT 1 FROM role_permissions listed WHERE listed.permission = application_permissions.permission)';
    await this.ofApplications.createQueryBuilder().delete().where(which).andWhere(isUnlisted).execute();
  }

  /** Gives roles that exist and that the user does not hold. */
  async give({ id: userId, createdAt }: RoleHolder, roleKeys: readonly string[]): Promise<void> {
    if (roleKeys.length === 0) return;
    const roles = await this.roles.findBy({ key: In(roleKeys) });
    if (roles.length === 0) return;
    await this.userRoles.insert(
      roles.map(({ id: roleId }) => ({ userId, roleId, userCreatedAt: createdAt })),
    );
  }

  async take(userId: string, roleKeys: readonly string[]): Promise<void> {
    if (roleKeys.length === 0) return;
    const deletion = this.userRoles.createQueryBuilder().delete().where({ userId });
    // One statement, because every other change of roles waits for this transaction.
    const theirs = 'role_id IN (SELECT id FROM roles WHERE role_key IN (:...roleKeys))';
    await deletion.andWhere(theirs, { roleKeys }).execute();
  }
}

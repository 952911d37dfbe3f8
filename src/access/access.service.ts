import { Injectable } from '@nestjs/common';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { declaredPermissions, type Permission } from '../platform/security/permission.js';
import { OPERATOR, type Actor } from '../platform/security/auth-context.js';
import { AccessErrors } from './access.errors.js';
import { AccessRepository, type RoleHolder } from './access.repository.js';

/** The built-in role: it holds every permission that the running code declares. */
export const ADMINISTRATOR = 'administrator';

/** The roles that a user is given and loses, by their keys. */
export interface RoleChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** What a user may do, read live: a change counts from the next call on. */
@Injectable()
export class AccessService {
  constructor(private readonly repository: AccessRepository) {}

  /**
   * Lets the current transaction wait until it is the only one that changes who may do what, or that acts on the
   * ground of it. Take it first: what is read after it stays true until the transaction ends.
   */
  async serialise(): Promise<void> {
    await this.repository.lockRole(ADMINISTRATOR);
  }

  /** The keys of a user's roles, sorted. */
  async rolesOf(userId: string): Promise<string[]> {
    return this.repository.findRoleKeys(userId);
  }

  /** The same for several users; users without a role are absent. */
  async rolesOfAll(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    return this.repository.findRoleKeysOfAll(userIds);
  }

  /** The codes of all permissions that a user holds, sorted. Codes that no code declares any more do not count. */
  async permissionsOf(userId: string): Promise<string[]> {
    return this.permissionsWith(await this.repository.findRoleKeys(userId), userId);
  }

  /** The same for who has read the user's roles already. */
  async permissionsWith(roles: readonly string[], userId: string): Promise<string[]> {
    const declared = declaredPermissions().map(({ code }) => code);
    if (roles.includes(ADMINISTRATOR)) return declared;
    if (roles.length === 0) return [];
    const held = new Set(await this.repository.findPermissions(userId));
    return declared.filter((code) => held.has(code));
  }

  /** Refuses an actor without the permission. @throws AppError 11004 */
  async require(actor: Actor, { code }: Permission): Promise<void> {
    if (!(await this.holds(actor, [code]))) throw AccessErrors.notPermitted();
  }

  /** Nobody hands out, or takes away, what they do not hold. @throws AppError 13005 */
  async requireHolding(actor: Actor, permissions: readonly string[]): Promise<void> {
    if (!(await this.holds(actor, permissions))) throw AccessErrors.exceedsOwn();
  }

  /** Nobody acts on a user who holds more. @throws AppError 13005 */
  async requireNotAbove(actor: Actor, userId: string): Promise<void> {
    await this.requireHolding(actor, await this.permissionsOf(userId));
  }

  /**
   * What it takes to make `wanted` the roles of a user.
   *
   * @throws AppError 10001 when a key is no role's, 13005 when a role to add or remove exceeds what the actor holds
   */
  async planRoles(actor: Actor, userId: string, wanted: readonly string[]): Promise<RoleChange> {
    const unknown = await this.repository.findUnknownKeys(wanted);
    if (unknown.length > 0) {
      throw PlatformErrors.invalidRequest({ violations: [{ field: 'roles', rule: 'role' }] });
    }
    const held = await this.repository.findRoleKeys(userId);
    const added = [...new Set(wanted)].filter((key) => !held.includes(key)).sort();
    const removed = held.filter((key) => !wanted.includes(key));
    for (const key of [...added, ...removed]) {
      await this.requireHolding(actor, await this.permissionsOfRole(key));
    }
    return { added, removed };
  }

  async changeRoles(holder: RoleHolder, { added, removed }: RoleChange): Promise<void> {
    for (const key of removed) await this.repository.revoke(holder.id, key);
    for (const key of added) await this.repository.grant(holder, key);
  }

  private async permissionsOfRole(key: string): Promise<string[]> {
    const declared = declaredPermissions().map(({ code }) => code);
    if (key === ADMINISTRATOR) return declared;
    const listed = new Set(await this.repository.findPermissionsOfRole(key));
    return declared.filter((code) => listed.has(code));
  }

  private async holds(actor: Actor, permissions: readonly string[]): Promise<boolean> {
    if (actor === OPERATOR || permissions.length === 0) return true;
    const held = new Set(await this.permissionsOf(actor.user.id));
    return permissions.every((code) => held.has(code));
  }
}

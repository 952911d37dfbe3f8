import { Injectable } from '@nestjs/common';
import { declaredPermissions } from '../platform/security/permission.js';
import { AccessRepository, type RoleHolder } from './access.repository.js';

/** The built-in role: it holds every permission that the running code declares. */
export const ADMINISTRATOR = 'administrator';

/** What a user may do, read live: a change counts from the next call on. */
@Injectable()
export class AccessService {
  constructor(private readonly repository: AccessRepository) {}

  /** The keys of a user's roles, sorted. */
  async rolesOf(userId: string): Promise<string[]> {
    return this.repository.findRoleKeys(userId);
  }

  /** The codes of all permissions that a user holds, sorted. Codes that no code declares any more do not count. */
  async permissionsOf(userId: string): Promise<string[]> {
    const declared = declaredPermissions().map(({ code }) => code);
    const roles = await this.repository.findRoleKeys(userId);
    if (roles.includes(ADMINISTRATOR)) return declared;
    if (roles.length === 0) return [];
    const held = new Set(await this.repository.findPermissions(userId));
    return declared.filter((code) => held.has(code));
  }

  async grant(holder: RoleHolder, roleKey: string): Promise<boolean> {
    return this.repository.grant(holder, roleKey);
  }
}

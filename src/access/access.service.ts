import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { declaredPermissions, type Permission } from '../platform/security/permission.js';
import { OPERATOR, type Actor, type AuthContext } from '../platform/security/auth-context.js';
import { AccessErrors } from './access.errors.js';
import { AccessRepository, isOfApplication, type Grant, type RoleHolder } from './access.repository.js';

/** The built-in role: it holds every permission that the running code and the applications declare. */
export const ADMINISTRATOR = 'administrator';

/** Whose permissions are asked for. */
export type Holder = Pick<AuthContext, 'roles' | 'scopes' | 'listed'> & {
  readonly user: { readonly id: string };
};

/** The roles that a user is given and loses, by their keys. */
export interface RoleChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** What a user may do. It is read for each call, so that a change counts from the next one on. */
@Injectable()
export class AccessService {
  constructor(
    private readonly repository: AccessRepository,
    private readonly database: Database,
  ) {}

  /**
   * Runs `work` in a transaction that alone changes who may do what, or acts on it. What it reads stays true until it
   * ends, so two administrators cannot remove each other at the same moment.
   */
  async serialised<T>(work: () => Promise<T>): Promise<T> {
    return this.database.transaction(async () => {
      await this.repository.lockRole(ADMINISTRATOR);
      return work();
    });
  }

  /**
   * Runs `work` in a transaction during which nobody changes who may do what. Several of these run at once: if many
   * people claim one e-mail address, none waits for all the others. On SQLite transactions take turns anyway.
   */
  async undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.database.transaction(async () => {
      if (this.database.dialect === 'mysql') await this.repository.shareRole(ADMINISTRATOR);
      return work();
    });
  }

  /** The codes of all permissions of Gatehouse's own that a caller holds, sorted. */
  async ownPermissions(caller: AuthContext): Promise<string[]> {
    const declared = declaredPermissions().map(({ code }) => code);
    const held = await this.heldOf(caller, declared);
    return declared.filter((code) => held.has(code));
  }

  /** Whether a caller holds one of these permissions. */
  async holdsAny(caller: AuthContext, anyOf: readonly Permission[]): Promise<boolean> {
    const codes = anyOf.map(({ code }) => code);
    return (await this.heldOf(caller, codes)).size > 0;
  }

  /** Whether a caller holds all of these permissions. */
  async holdsEvery(caller: AuthContext, allOf: readonly Permission[]): Promise<boolean> {
    const codes = allOf.map(({ code }) => code);
    return (await this.heldOf(caller, codes)).size === new Set(codes).size;
  }

  /** Which of these permissions a caller holds; with a key only those among its scopes. */
  async heldOf(
    { roles, user, scopes, listed }: Holder,
    codes: readonly string[],
  ): Promise<ReadonlySet<string>> {
    const asked = scopes === null ? codes : codes.filter((code) => scopes.includes(code));
    if (roles.includes(ADMINISTRATOR)) return new Set(asked);
    if (roles.length === 0 || asked.length === 0) return new Set();
    if (listed !== undefined) return new Set(asked.filter((code) => listed.has(code)));
    return new Set(await this.repository.findListed(user.id, asked));
  }

  /**
   * A permission that its application has retired stays where it is named, and is named nowhere else.
   *
   * @throws PlatformErrors.invalidRequest for one that no application declares
   */
  async requireGrantable(permissions: readonly string[], field = 'permissions'): Promise<void> {
    const ofApplications = [...new Set(permissions.filter(isOfApplication))];
    const isKnown = permissions.every((code) => isOfApplication(code) || isDeclared(code));
    if (isKnown && ofApplications.length === 0) return;
    if (isKnown && (await this.repository.countGrantable(ofApplications)) === ofApplications.length) return;
    throw PlatformErrors.invalidRequest({ violations: [{ field, rule: 'permission' }] });
  }

  async isRole(key: string): Promise<boolean> {
    return this.repository.existsRole(key);
  }

  /** Which of these permissions there are. */
  async known(permissions: readonly string[]): Promise<ReadonlySet<string>> {
    const [ofApplications, own] = [permissions.filter(isOfApplication), permissions.filter(isDeclared)];
    return new Set([...own, ...(await this.repository.findKnownOfApplications(ofApplications))]);
  }

  /** For each of these permissions the keys of the roles by which a user holds it, sorted; all are there. */
  async rolesBehind(userId: string, permissions: readonly string[]): Promise<ReadonlyMap<string, string[]>> {
    const grants = await this.repository.findGrantsOfUser(userId);
    const listing = Map.groupBy(grants, ({ permission }) => permission);
    const always = isAdministrator(grants) ? [ADMINISTRATOR] : [];
    return new Map(
      permissions.map((code) => {
        const keys = (listing.get(code) ?? []).map(({ roleKey }) => roleKey);
        return [code, [...new Set([...always, ...keys])].sort()];
      }),
    );
  }

  /**
   * The ids of the roles whose holders hold a permission.
   *
   * @throws PlatformErrors.invalidRequest for a permission that there is not
   */
  async rolesWith(permission: string): Promise<string[]> {
    if (!(await this.known([permission])).has(permission))
      throw PlatformErrors.invalidRequest({ violations: [{ field: 'permission', rule: 'permission' }] });
    return this.repository.findRolesWith(permission, ADMINISTRATOR);
  }

  /** Refuses an actor without the permission. @throws AccessErrors.notPermitted */
  async require(actor: Actor, { code }: Permission): Promise<void> {
    if (!(await this.holds(actor, [code]))) throw AccessErrors.notPermitted();
  }

  /** Nobody hands out, or takes away, what they do not hold. @throws AccessErrors.exceedsOwn */
  async requireHolding(actor: Actor, permissions: readonly string[]): Promise<void> {
    if (!(await this.holds(actor, permissions))) throw AccessErrors.exceedsOwn();
  }

  /** Nobody acts on a user who holds what they do not. @throws AccessErrors.exceedsOwn */
  async requireNotBelow(actor: Actor, userId: string): Promise<void> {
    await this.requireHolding(actor, await this.allOf(await this.repository.findGrantsOfUser(userId)));
  }

  /**
   * What it takes to make `wanted` the roles of a user who holds `held`.
   *
   * @throws PlatformErrors.invalidRequest when a key is no role's, AccessErrors.exceedsOwn when a role to add or remove
   *   exceeds what the actor holds
   */
  async planRoles(actor: Actor, held: readonly string[], wanted: readonly string[]): Promise<RoleChange> {
    const added = [...new Set(wanted)].filter((key) => !held.includes(key)).sort();
    const removed = held.filter((key) => !wanted.includes(key));
    if (added.length + removed.length === 0) return { added, removed };
    const grants = await this.repository.findGrantsOfRoles([...added, ...removed]);
    const known = new Set(grants.map(({ roleKey }) => roleKey));
    if (!added.every((key) => known.has(key))) {
      throw PlatformErrors.invalidRequest({ violations: [{ field: 'roles', rule: 'role' }] });
    }
    await this.requireHolding(actor, await this.allOf(grants));
    return { added, removed };
  }

  async changeRoles(holder: RoleHolder, { added, removed }: RoleChange): Promise<void> {
    await this.repository.take(holder.id, removed);
    await this.repository.give(holder, added);
  }

  /** Whether the roles of a user grant all of these. */
  async doesHold(userId: string, permissions: readonly string[]): Promise<boolean> {
    const grants = await this.repository.findGrantsOfUser(userId);
    if (isAdministrator(grants)) return true;
    const held = new Set(granted(grants));
    return permissions.every((code) => held.has(code));
  }

  private async holds(actor: Actor, permissions: readonly string[]): Promise<boolean> {
    if (actor === OPERATOR || permissions.length === 0) return true;
    const { scopes = null, user } = actor;
    if (scopes !== null && !permissions.every((code) => scopes.includes(code))) return false;
    return this.doesHold(user.id, permissions);
  }

  /** Everything that roles grant together: for the administrator also what all applications declare. */
  private async allOf(grants: readonly Grant[]): Promise<string[]> {
    const codes = granted(grants);
    return isAdministrator(grants) ? [...codes, ...(await this.repository.findOfApplications())] : codes;
  }
}

function isDeclared(permission: string): boolean {
  return declaredPermissions().some(({ code }) => code === permission);
}

/** Whether one of the roles is the one that holds everything. */
function isAdministrator(grants: readonly Grant[]): boolean {
  return grants.some(({ roleKey }) => roleKey === ADMINISTRATOR);
}

/**
 * The codes that roles grant together, sorted, without those of Gatehouse's own that the running code no longer declares.
 * For the administrator those of applications are left out: there is a list of them for each.
 */
export function granted(grants: readonly Grant[]): string[] {
  const declared = declaredPermissions().map(({ code }) => code);
  if (isAdministrator(grants)) return declared;
  const listed = new Set(grants.flatMap(({ permission }) => permission ?? []));
  return [...listed].filter((code) => isOfApplication(code) || declared.includes(code)).sort();
}

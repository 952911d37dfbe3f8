import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessService, ADMINISTRATOR } from '../access/access.service.js';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { serviceConfig } from '../config/service.config.js';
import { Database } from '../database/database.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { readChanges, type ProfileChanges, type ProfileInput } from './profile.js';
import { UserAuthority } from './user-authority.js';
import type { User } from './user.entity.js';
import { takenBy } from './taken.js';
import { UsersRepository } from './users.repository.js';

/** Names of the request's fields for what the record says was changed. */
const FIELDS = { fullName: 'full_name', email: 'email', phone: 'phone' } as const;

/** What administrators change about a user: the profile and the roles. */
@Injectable()
export class UserChangesService {
  constructor(
    private readonly authority: UserAuthority,
    private readonly access: AccessService,
    private readonly repository: UsersRepository,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(serviceConfig.KEY) private readonly service: ConfigType<typeof serviceConfig>,
    private readonly clock: Clock,
  ) {}

  /**
   * Changes what is given; nothing given, or nothing new, changes nothing.
   *
   * @throws AppError 10001, 12001, 13005, 12003 or 12004 when an identifier is taken
   */
  async update(actor: Actor, id: string, input: Partial<Omit<ProfileInput, 'username'>>): Promise<User> {
    const wanted = readChanges(input, this.service.defaultPhoneRegion);
    return this.database
      .transaction(async () => {
        const user = await this.authority.take(actor, id);
        const changes = newIn(wanted, user);
        const fields = Object.entries(FIELDS).flatMap(([name, field]) => (name in changes ? [field] : []));
        if (fields.length === 0) return user;
        const changed = await this.write(user, changes);
        await this.audit.record({
          ...doneBy(actor),
          action: 'user.updated',
          targetType: 'user',
          targetId: id,
          detail: { fields },
        });
        return changed;
      })
      .catch(async (error: unknown) => {
        throw await takenBy(error, this.repository, { ...wanted, id });
      });
  }

  /**
   * Makes these the roles of a user; duplicates count once.
   *
   * @throws AppError 12001, 10001 for an unknown role, 13005 when a role to add or remove exceeds what the actor
   *   holds, 12006
   */
  async setRoles(actor: Actor, id: string, roles: readonly string[]): Promise<User> {
    return this.database.transaction(async () => {
      await this.access.serialise();
      const user = await this.authority.find(id);
      const change = await this.access.planRoles(actor, id, roles);
      if (change.added.length + change.removed.length === 0) return user;
      if (change.removed.includes(ADMINISTRATOR)) await this.authority.requireAnotherAdministrator(user);
      await this.access.changeRoles(user, change);
      const changed = await this.write(user, {});
      await this.audit.record({
        ...doneBy(actor),
        action: 'user.roles_changed',
        targetType: 'user',
        targetId: id,
        detail: { fields: ['roles'], ...change },
      });
      return changed;
    });
  }

  private async write(user: User, changes: ProfileChanges): Promise<User> {
    const updatedAt = this.clock.now();
    await this.repository.update(user.id, changes, updatedAt);
    return { ...user, ...changes, updatedAt };
  }
}

/** What of the changes is not so already. */
function newIn(wanted: ProfileChanges, user: User): ProfileChanges {
  const current = new Map<string, unknown>(Object.entries(user));
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => current.get(name) !== value));
}

import { Injectable } from '@nestjs/common';
import { AccessService, ADMINISTRATOR } from '../access/access.service.js';
import { OPERATOR, type Actor } from '../platform/security/auth-context.js';
import type { User } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository, type UserWithRoles } from './users.repository.js';

/** Who may act on whom, beyond the permission that the route needs. */
@Injectable()
export class UserPolicy {
  constructor(
    private readonly repository: UsersRepository,
    private readonly access: AccessService,
  ) {}

  /**
   * The user, if the actor holds every permission that the user holds. It stays so inside `AccessService.serialised`.
   *
   * @throws UsersErrors.notFound, AccessErrors.exceedsOwn
   */
  async check(actor: Actor, userId: string): Promise<UserWithRoles> {
    const found = await this.repository.get(userId);
    await this.access.requireHolding(actor, await this.access.permissionsWith(found.roles, userId));
    return found;
  }

  /** Nobody shuts themselves out. @throws UsersErrors.lastAdministrator, UsersErrors.notOnYourself */
  async requireRemovable(actor: Actor, found: UserWithRoles): Promise<void> {
    await this.requireAnotherAdministrator(found);
    this.requireSomebodyElse(actor, found.user);
  }

  /** Before an active administrator is disabled, deleted or loses the role. @throws UsersErrors.lastAdministrator */
  async requireAnotherAdministrator({ user, roles }: UserWithRoles): Promise<void> {
    if (user.status !== 'active' || !roles.includes(ADMINISTRATOR)) return;
    if (!(await this.repository.existsOtherActiveHolder(ADMINISTRATOR, user.id)))
      throw UsersErrors.lastAdministrator();
  }

  /** @throws UsersErrors.notOnYourself */
  requireSomebodyElse(actor: Actor, user: User): void {
    if (actor !== OPERATOR && actor.user.id === user.id) throw UsersErrors.notOnYourself();
  }
}

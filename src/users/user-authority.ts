import { Injectable } from '@nestjs/common';
import { AccessService, ADMINISTRATOR } from '../access/access.service.js';
import type { Actor } from '../platform/security/auth-context.js';
import type { User } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

/** Who may act on whom, beyond the permission that the route needs. */
@Injectable()
export class UserAuthority {
  constructor(
    private readonly repository: UsersRepository,
    private readonly access: AccessService,
  ) {}

  /** @throws AppError 12001 */
  async find(userId: string): Promise<User> {
    const user = await this.repository.findById(userId);
    if (user === undefined) throw UsersErrors.notFound();
    return user;
  }

  /** The user, if the actor may act on them as things stand. @throws AppError 12001, 13005 */
  async check(actor: Actor, userId: string): Promise<User> {
    const user = await this.find(userId);
    await this.access.requireNotAbove(actor, userId);
    return user;
  }

  /**
   * The same, and it stays so: the first step of a transaction that changes a user on behalf of another. Such
   * transactions come one after the other, so two administrators cannot remove each other at the same moment.
   *
   * @throws AppError 12001, 13005
   */
  async take(actor: Actor, userId: string): Promise<User> {
    await this.access.serialise();
    return this.check(actor, userId);
  }

  /** Before an administrator is disabled, deleted or loses the role; after `take`. @throws AppError 12006 */
  async requireAnotherAdministrator(user: User): Promise<void> {
    if (user.status !== 'active') return;
    const roles = await this.access.rolesOf(user.id);
    if (!roles.includes(ADMINISTRATOR)) return;
    if (!(await this.repository.existsOtherActiveHolder(ADMINISTRATOR, user.id)))
      throw UsersErrors.lastAdministrator();
  }

  /** @throws AppError 12007 */
  requireSomebodyElse(actor: Actor, user: User): void {
    if (actor !== 'operator' && actor.user.id === user.id) throw UsersErrors.notOnYourself();
  }
}

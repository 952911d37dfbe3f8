import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UserAuthority } from './user-authority.js';
import type { User, UserStatus } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

/** Whether an account can be used, and its end. */
@Injectable()
export class UserLifeService {
  constructor(
    private readonly authority: UserAuthority,
    private readonly repository: UsersRepository,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Lets nobody in any more and ends all sessions; nothing happens to who is disabled already.
   *
   * @throws AppError 12001, 13005, 12006, 12007
   */
  async disable(actor: Actor, id: string): Promise<User> {
    return this.database.transaction(async () => {
      const user = await this.authority.take(actor, id);
      if (user.status === 'disabled') return user;
      await this.requireRemovable(actor, user);
      const disabled = await this.setStatus(user, 'disabled');
      const ended = await this.sessions.endAll(id, 'user_disabled');
      await this.audit.record({
        ...doneBy(actor),
        action: 'user.disabled',
        targetType: 'user',
        targetId: id,
        detail: { sessions_ended: ended },
      });
      return disabled;
    });
  }

  /** @throws AppError 12001, 13005 */
  async enable(actor: Actor, id: string): Promise<User> {
    return this.database.transaction(async () => {
      const user = await this.authority.take(actor, id);
      if (user.status === 'active') return user;
      const enabled = await this.setStatus(user, 'active');
      await this.audit.record({ ...doneBy(actor), action: 'user.enabled', targetType: 'user', targetId: id });
      return enabled;
    });
  }

  /** Removes a user and everything of theirs but the audit events. @throws AppError 12001, 13005, 12006, 12007 */
  async delete(actor: Actor, id: string): Promise<void> {
    await this.requireRemovable(actor, await this.authority.check(actor, id));
    // History first, outside: a busy account has more of it than one transaction can remove in time.
    await this.sessions.forgetEnded(id);
    await this.database.transaction(async () => {
      const user = await this.authority.take(actor, id);
      await this.requireRemovable(actor, user);
      // The row before its sessions, as a sign-in locks them: two in the other order would wait for each other.
      await this.setStatus(user, 'disabled');
      const ended = await this.sessions.endAll(id, 'user_deleted');
      await this.repository.delete(id);
      await this.audit.record({
        ...doneBy(actor),
        action: 'user.deleted',
        targetType: 'user',
        targetId: id,
        detail: { sessions_ended: ended },
      });
    });
  }

  private async setStatus(user: User, status: UserStatus): Promise<User> {
    const updatedAt = this.clock.now();
    await this.repository.setStatus(user.id, status, updatedAt);
    return { ...user, status, updatedAt };
  }

  private async requireRemovable(actor: Actor, user: User): Promise<void> {
    await this.authority.requireAnotherAdministrator(user);
    this.authority.requireSomebodyElse(actor, user);
  }
}

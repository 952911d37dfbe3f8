import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import type { Actor } from '../platform/security/auth-context.js';
import { endsOf, SessionsService } from '../sessions/sessions.service.js';
import { Notices } from './notices.service.js';
import type { User } from './user.entity.js';
import { UsersService } from './users.service.js';

/** How a person came to change a password. */
export interface PasswordChange {
  /** The new password. */
  readonly hash: string;
  readonly by: Actor;
  /** `password.reset` where a mail permitted it, and not the old password. */
  readonly action: 'password.changed' | 'password.reset';
  /** The address to which the permission was mailed; it must still be the user's. */
  readonly proved?: string;
  /** The session that stays. */
  readonly keepSessionId?: string;
}

/** What belongs to every change of a password by its person: sessions end, it is recorded, and the person is told. */
@Injectable()
export class PasswordChanges {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly notices: Notices,
    private readonly audit: AuditService,
  ) {}

  /**
   * In the current transaction, with the lock on the user first.
   *
   * @param spend takes what permitted the change, and throws where somebody else was faster
   * @returns the user as changed; undefined, with nothing written, when the user or the password has changed meanwhile
   */
  async apply(
    user: User,
    { hash, by, action, proved, keepSessionId }: PasswordChange,
    spend: () => Promise<void> = async () => undefined,
  ): Promise<User | undefined> {
    const changed = await this.users.replacePassword(user, hash, proved);
    if (changed === undefined) return undefined;
    await spend();
    const ended = await this.sessions.endAll(user.id, 'password_changed', by, keepSessionId);
    const target = { targetType: 'user', targetId: user.id } as const;
    await this.audit.record({ ...doneBy(by), action, ...target, detail: endsOf(ended) });
    await this.notices.send(
      user,
      action === 'password.reset' ? 'password_reset' : 'password_changed',
      'person',
    );
    return changed;
  }
}

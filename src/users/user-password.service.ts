import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UserAuthority } from './user-authority.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

/** Passwords that are set for somebody else. */
@Injectable()
export class UserPasswordService {
  constructor(
    private readonly authority: UserAuthority,
    private readonly repository: UsersRepository,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Sets a user's password and ends all sessions of the user.
   *
   * @param field the name of the request's field, for a refusal
   * @throws AppError 12001, 13005, 12005, 10009
   */
  async reset(actor: Actor, id: string, password: string, field: string): Promise<void> {
    const owner = await this.authority.check(actor, id);
    this.credentials.checkPolicy(password, owner, field, UsersErrors.passwordRefused);
    // Outside the transaction: a hash takes longer than anything in it.
    const hash = await this.credentials.hash(password);
    await this.database.transaction(async () => {
      await this.authority.take(actor, id);
      await this.repository.recordPasswordChange(id, this.clock.now());
      await this.credentials.replace(id, hash);
      const ended = await this.sessions.endAll(id, 'password_changed');
      await this.audit.record({
        ...doneBy(actor),
        action: 'password.reset',
        targetType: 'user',
        targetId: id,
        detail: { sessions_ended: ended },
      });
    });
  }
}

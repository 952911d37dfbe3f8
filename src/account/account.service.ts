import { Injectable } from '@nestjs/common';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { canonicalName } from '../platform/display-name.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { endsOf, SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts, type Budget } from '../throttling/attempt-budgets.js';
import { UsersErrors } from '../users/users.errors.js';
import { UsersService, type UserWithRoles } from '../users/users.service.js';
import type { ChangePasswordRequest, UpdateMeRequest } from './account.dto.js';

/** What people change about themselves, without anybody's permission. */
@Injectable()
export class AccountService {
  constructor(
    private readonly users: UsersService,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly budgets: AttemptBudgets,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /** Changes what is given; nothing given, or nothing new, changes nothing. */
  async update(auth: AuthContext, { full_name }: UpdateMeRequest): Promise<UserWithRoles> {
    if (full_name !== undefined) {
      await this.database.transaction(async () => {
        if (!(await this.users.rename(auth.user.id, canonicalName(full_name)))) return;
        const target = { targetType: 'user', targetId: auth.user.id } as const;
        const detail = { fields: ['full_name'] };
        await this.audit.record({ ...doneBy(auth), action: 'user.updated', ...target, detail });
      });
    }
    return this.users.get(auth.user.id);
  }

  /**
   * Changes the password and ends every other session of the user. Guesses at the current password have a budget of
   * their own: a stolen session cannot try them all, and cannot lock its owner out of signing in.
   *
   * @throws UsersErrors.passwordRefused (the field is `new_password`), then PlatformErrors.overloaded or
   *   PlatformErrors.tooManyRequests, then CredentialsErrors.wrongCurrentPassword
   */
  async changePassword(auth: AuthContext, change: ChangePasswordRequest): Promise<void> {
    const { user } = await this.users.get(auth.user.id);
    this.credentials.checkPolicy(change.new_password, user, 'new_password', UsersErrors.passwordRefused);
    const budget = this.budgets.forReauthentication(user.id);
    const hash = await this.newHash(auth, budget, change);
    const changed = await this.database.transaction(async () => {
      // Not if another change was faster: what was verified is no longer the current password.
      if (!(await this.users.replacePassword(user, hash))) return false;
      await this.budgets.reset(budget);
      const ended = await this.sessions.endAll(user.id, 'password_changed', auth, auth.session.id);
      await this.recordChange(auth, 'success', endsOf(ended));
      return true;
    });
    if (!changed) await this.fail(auth);
  }

  private async newHash(
    auth: AuthContext,
    budget: Budget,
    { current_password, new_password }: ChangePasswordRequest,
  ): Promise<string> {
    using place = await this.credentials.reservePlace();
    const refusal = await this.budgets.take(budget);
    if (refusal !== undefined) throw tooManyAttempts(refusal);
    const current = await this.credentials.findHash(auth.user.id);
    if (!(await this.credentials.verify(place, current, current_password))) return this.fail(auth);
    return await this.credentials.hashIn(place, new_password);
  }

  /** Evidence first, then the answer. */
  private async fail(auth: AuthContext): Promise<never> {
    await this.recordChange(auth, 'failure', { reason: 'wrong_current_password' });
    throw CredentialsErrors.wrongCurrentPassword();
  }

  private async recordChange(
    auth: AuthContext,
    outcome: 'success' | 'failure',
    detail: AuditEntry['detail'],
  ): Promise<void> {
    const target = { targetType: 'user', targetId: auth.user.id } as const;
    await this.audit.record({ ...doneBy(auth), action: 'password.changed', outcome, ...target, detail });
  }
}

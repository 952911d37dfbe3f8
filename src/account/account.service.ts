import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { budgetsConfig } from '../config/budgets.config.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { canonicalName } from '../platform/display-name.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts, type Budget } from '../throttling/attempt-budgets.js';
import { UsersErrors } from '../users/users.errors.js';
import { UsersService, type UserWithRoles } from '../users/users.service.js';

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

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
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
  ) {}

  /** Changes what is given; nothing given, or nothing new, changes nothing. */
  async update(auth: AuthContext, { fullName }: { readonly fullName?: string }): Promise<UserWithRoles> {
    if (fullName !== undefined) {
      await this.database.transaction(async () => {
        if (!(await this.users.rename(auth.user.id, canonicalName(fullName)))) return;
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
  async changePassword(auth: AuthContext, change: PasswordChange): Promise<void> {
    const { user } = await this.users.get(auth.user.id);
    this.credentials.checkPolicy(change.newPassword, user, 'new_password', UsersErrors.passwordRefused);
    const budget = { key: `reauth:${user.id}`, limit: this.config.reauthAttempts };
    const hash = await this.newHash(auth, budget, change);
    const changed = await this.database.transaction(async () => {
      // Not if another change was faster: what was verified is no longer the current password.
      if (!(await this.users.replacePassword(user, hash))) return false;
      await this.budgets.reset(budget);
      const ended = await this.sessions.endAll(user.id, 'password_changed', auth.session.id);
      await this.recordChange(auth, 'success', { sessions_ended: ended });
      return true;
    });
    if (!changed) await this.fail(auth);
  }

  private async newHash(
    auth: AuthContext,
    budget: Budget,
    { currentPassword, newPassword }: PasswordChange,
  ): Promise<string> {
    using place = await this.credentials.reservePlace();
    const refusal = await this.budgets.take(budget);
    if (refusal !== undefined) throw tooManyAttempts(refusal);
    const current = await this.credentials.findHash(auth.user.id);
    if (!(await this.credentials.verify(place, current, currentPassword))) return this.fail(auth);
    return await this.credentials.hashIn(place, newPassword);
  }

  /** Evidence first, then the answer. */
  private async fail(auth: AuthContext): Promise<never> {
    await this.recordChange(auth, 'failure', { reason: 'wrong_current_password' });
    throw CredentialsErrors.wrongCurrentPassword();
  }

  private async recordChange(
    auth: AuthContext,
    outcome: 'success' | 'failure',
    detail: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    const target = { targetType: 'user', targetId: auth.user.id } as const;
    await this.audit.record({ ...doneBy(auth), action: 'password.changed', outcome, ...target, detail });
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { budgetsConfig } from '../config/budgets.config.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts, type Budget } from '../throttling/attempt-budgets.js';
import type { User } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

/** A person's change of the own password. */
@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly users: UsersRepository,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly budgets: AttemptBudgets,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
    private readonly clock: Clock,
  ) {}

  /**
   * Changes the password and ends every other session of the user. Guesses at the current password have a budget of
   * their own: a stolen session cannot try them all, and cannot lock its owner out of signing in.
   *
   * @throws AppError 12005 (the field is `new_password`), then 10009 or 10008, then 11005
   */
  async change(auth: AuthContext, { currentPassword, newPassword }: PasswordChange): Promise<void> {
    const user = await this.users.findById(auth.user.id);
    if (user === undefined) throw UsersErrors.notFound();
    this.credentials.checkPolicy(newPassword, user, 'new_password', UsersErrors.passwordRefused);
    const budget = { key: `reauth:${user.id}`, limit: this.config.reauthAttempts };
    const hash = await this.newHash(user, budget, auth, { currentPassword, newPassword });
    const changed = await this.database.transaction(async () => {
      // Not if another change was faster: what was verified is no longer the current password.
      if (!(await this.users.recordPasswordChange(user.id, this.clock.now(), user.credentialVersion)))
        return false;
      await this.credentials.replace(user.id, hash);
      await this.budgets.reset(budget);
      const ended = await this.sessions.endAll(user.id, 'password_changed', auth.session.id);
      await this.record(auth, 'success', { sessions_ended: ended });
      return true;
    });
    if (!changed) await this.fail(auth);
  }

  private async newHash(
    user: User,
    budget: Budget,
    auth: AuthContext,
    { currentPassword, newPassword }: PasswordChange,
  ): Promise<string> {
    using place = await this.credentials.reservePlace();
    const refusal = await this.budgets.take(budget);
    if (refusal !== undefined) throw tooManyAttempts(refusal);
    const current = await this.credentials.findHash(user.id);
    if (!(await this.credentials.verify(place, current, currentPassword))) return this.fail(auth);
    return await this.credentials.hashIn(place, newPassword);
  }

  /** Evidence first, then the answer. */
  private async fail(auth: AuthContext): Promise<never> {
    await this.record(auth, 'failure', { reason: 'wrong_current_password' });
    throw CredentialsErrors.wrongCurrentPassword();
  }

  private async record(
    auth: AuthContext,
    outcome: 'success' | 'failure',
    detail: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    const target = { targetType: 'user', targetId: auth.user.id } as const;
    await this.audit.record({
      action: 'password.changed',
      outcome,
      ...doneBy(auth),
      ...target,
      detail,
    });
  }
}

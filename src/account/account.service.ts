import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { accountConfig } from '../config/account.config.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { canonicalName } from '../platform/display-name.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { AttemptBudgets, tooManyAttempts, type Budget } from '../throttling/attempt-budgets.js';
import { PasswordChanges } from '../users/password-changes.service.js';
import { UserAdministrationService } from '../users/user-administration.service.js';
import { UsersErrors } from '../users/users.errors.js';
import { UsersService, type UserWithRoles } from '../users/users.service.js';
import { AccountErrors } from './account.errors.js';
import type { ChangePasswordRequest, UpdateMeRequest } from './account.dto.js';

/** What people change about themselves, without anybody's permission. */
@Injectable()
export class AccountService {
  constructor(
    private readonly users: UsersService,
    private readonly credentials: CredentialsService,
    private readonly budgets: AttemptBudgets,
    private readonly administration: UserAdministrationService,
    private readonly changes: PasswordChanges,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(accountConfig.KEY) private readonly config: ConfigType<typeof accountConfig>,
  ) {}

  /** Changes what is given; nothing given, or nothing new, changes nothing. */
  async update(auth: AuthContext, { full_name, language }: UpdateMeRequest): Promise<UserWithRoles> {
    const wanted = {
      ...(full_name !== undefined && { fullName: canonicalName(full_name) }),
      ...(language !== undefined && { language: language || null }),
    };
    if (Object.keys(wanted).length === 0) return this.users.getOwn(auth.user.id);
    await this.database.transaction(async () => {
      const fields = await this.users.changeOwn(auth.user.id, wanted);
      if (fields.length === 0) return;
      const target = { targetType: 'user', targetId: auth.user.id } as const;
      await this.audit.record({ ...doneBy(auth), action: 'user.updated', ...target, detail: { fields } });
    });
    return this.users.getOwn(auth.user.id);
  }

  /**
   * Changes the password and ends every other session of the user. Guesses at the current password have a budget of
   * their own: a stolen session cannot try them all, and cannot lock its owner out of signing in.
   *
   * @throws UsersErrors.passwordRefused (the field is `new_password`), then PlatformErrors.overloaded or
   *   PlatformErrors.tooManyRequests, then CredentialsErrors.wrongCurrentPassword
   */
  async changePassword(auth: AuthContext, request: ChangePasswordRequest): Promise<void> {
    const { user } = await this.users.getOwn(auth.user.id);
    this.credentials.checkPolicy(request.new_password, user, 'new_password', UsersErrors.passwordRefused);
    const budget = this.budgets.forReauthentication(user.id);
    const hash = await this.newHash(auth, budget, request);
    const change = { hash, by: auth, action: 'password.changed', keepSessionId: auth.session.id } as const;
    const changed = await this.database.transaction(async () => {
      // Not if another change was faster: what was verified is no longer the current password.
      if ((await this.changes.apply(user, change)) === undefined) return false;
      await this.budgets.reset(budget);
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

  /** Done as well where another call was faster. @throws AccountErrors.deletionOff, UsersErrors.lastAdministrator */
  async delete(auth: AuthContext): Promise<void> {
    if (!this.config.selfDeletion) throw AccountErrors.deletionOff();
    await this.administration.deleteOwn(auth).catch((error: unknown) => {
      if (!UsersErrors.notFound.describes(error)) throw error;
    });
  }

  /** Evidence first, then the answer. */
  private async fail(auth: AuthContext): Promise<never> {
    const failed = { action: 'password.changed', outcome: 'failure' } as const;
    const target = { targetType: 'user', targetId: auth.user.id } as const;
    const detail = { reason: 'wrong_current_password' };
    await this.audit.record({ ...doneBy(auth), ...failed, ...target, detail });
    throw CredentialsErrors.wrongCurrentPassword();
  }
}

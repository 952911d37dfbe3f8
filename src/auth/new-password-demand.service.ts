import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { CodesService } from '../codes/codes.service.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import type { AppError } from '../platform/errors/app-error.js';
import { AccountsService, type Account } from '../users/accounts.service.js';
import { PasswordChanges } from '../users/password-changes.service.js';
import type { User } from '../users/user.entity.js';
import { UsersErrors } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { AuthErrors } from './auth.errors.js';
import { Challenges, type SignInState } from './challenges.service.js';
import { SessionOpening, type SignInResult, type VerifiedSignIn } from './session-opening.service.js';

/** The demand of a new password, made of whoever was given one by somebody else: no session opens before it. */
@Injectable()
export class NewPasswordDemand {
  constructor(
    private readonly challenges: Challenges,
    private readonly accounts: AccountsService,
    private readonly credentials: CredentialsService,
    private readonly changes: PasswordChanges,
    private readonly users: UsersService,
    private readonly codes: CodesService,
    private readonly opening: SessionOpening,
    private readonly audit: AuditService,
  ) {}

  isMadeOf({ mustChangePassword }: User): boolean {
    return mustChangePassword === 1;
  }

  /** The demand, to be thrown. The attempt stays counted until the session is open: a right password alone washes nothing. */
  async challenge({ account: { user }, attempt: { account, address } }: VerifiedSignIn): Promise<AppError> {
    const { id: userId, credentialVersion } = user;
    const budgets = { account, address };
    const challenge = await this.challenges.issue({
      userId,
      credentialVersion,
      proof: ['password'],
      budgets,
    });
    const target = { targetType: 'user', targetId: userId } as const;
    await this.audit.record({ action: 'signin.challenged', ...target, detail: { demand: 'new_password' } });
    return AuthErrors.passwordChangeNeeded({ challenge });
  }

  /**
   * Sets the new password and opens the session. A password that is refused leaves the challenge as it is.
   *
   * @throws AuthErrors.challengeNotValid, also for one that was used or whose password is not the current one any more;
   *   UsersErrors.passwordRefused, PlatformErrors.overloaded
   */
  async meet(challenge: string, password: string): Promise<SignInResult> {
    const state = await this.challenges.open(challenge);
    const account = await this.accounts.byId(state.userId);
    if (account === undefined || !isCurrent(account.user, state)) throw AuthErrors.challengeNotValid();
    const { user } = account;
    this.credentials.checkPolicy(password, user, 'new_password', UsersErrors.passwordRefused);
    const hash = await this.newHash(account, password);
    const by = { user, session: null };
    const spend = async () => {
      if (!(await this.codes.useTicket(state.nonce, user.id, state.expiresAt)))
        throw AuthErrors.challengeNotValid();
    };
    const result = await this.opening.open({ account, attempt: { user, ...state.budgets } }, async () => {
      const changed = await this.changes.apply(user, { hash, by, action: 'password.changed' }, spend);
      if (changed !== undefined && !(await this.users.recordSignIn(changed)))
        throw AuthErrors.challengeNotValid();
      return changed;
    });
    if (result === undefined) throw AuthErrors.challengeNotValid();
    return result;
  }

  /** @throws UsersErrors.passwordRefused for the password that is to be changed, PlatformErrors.overloaded */
  private async newHash({ hash }: Account, password: string): Promise<string> {
    using place = await this.credentials.reservePlace();
    if (await this.credentials.verify(place, hash ?? undefined, password)) {
      const violations = [{ field: 'new_password', rule: 'password_unchanged' }];
      throw UsersErrors.passwordRefused({ violations });
    }
    return await this.credentials.hashIn(place, password);
  }
}

/** Whether nobody has disabled the user or changed the password since the challenge. */
function isCurrent({ status, credentialVersion }: User, state: SignInState): boolean {
  return status === 'active' && credentialVersion === state.credentialVersion;
}

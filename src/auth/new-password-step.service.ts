import { Injectable } from '@nestjs/common';
import { CodesErrors } from '../codes/codes.errors.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import type { Account } from '../users/accounts.service.js';
import { PasswordChanges } from '../users/password-changes.service.js';
import { UsersErrors } from '../users/users.errors.js';
import type { SignInResult } from './session-opening.service.js';
import { SignInSteps } from './sign-in-steps.service.js';

/** The step of a sign-in in which whoever was given a password by somebody else chooses one. */
@Injectable()
export class NewPasswordStep {
  constructor(
    private readonly steps: SignInSteps,
    private readonly credentials: CredentialsService,
    private readonly changes: PasswordChanges,
  ) {}

  /**
   * Sets the new password. One that is refused leaves the challenge as it is.
   *
   * @throws CodesErrors.challengeNotValid, also for a sign-in that is asked for something else; UsersErrors.passwordRefused,
   *   PlatformErrors.overloaded; the next demand
   */
  async take(challenge: string, password: string): Promise<SignInResult> {
    const resumed = await this.steps.resume(challenge);
    const { account, state } = resumed;
    const isAsked = await this.steps.isAskedFor('new_password', resumed);
    if (!isAsked) throw CodesErrors.challengeNotValid();
    this.credentials.checkPolicy(password, account.user, 'new_password', UsersErrors.passwordRefused);
    const hash = await this.newHash(account, password);
    const by = { user: account.user, session: null };
    return this.steps.take({ account, state }, [], async (user) => {
      const changed = await this.changes.apply(user, { hash, by, action: 'password.changed' });
      if (changed === undefined) throw CodesErrors.challengeNotValid();
      return changed;
    });
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

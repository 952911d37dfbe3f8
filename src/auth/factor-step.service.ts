import { Injectable } from '@nestjs/common';
import { Challenges, type IssuedChallenge } from '../codes/challenges.service.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import type { PasskeyCredential } from '../factors/passkey-credential.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { TotpFactors, type NewTotp } from '../factors/totp.service.js';
import { MINUTE, type Duration } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts } from '../throttling/attempt-budgets.js';
import { AccountsService, type Account } from '../users/accounts.service.js';
import { ADDED, FactorChanges } from '../users/factor-changes.service.js';
import { Demands } from './demands.service.js';
import { FactorProofs } from './factor-proofs.service.js';
import type { SignInResult } from './session-opening.service.js';
import { SignInSteps, type ResumedSignIn } from './sign-in-steps.service.js';

/** How long a person may take to touch the authenticator. */
const PASSKEY_TTL: Duration = 5 * MINUTE;

/** The steps of a sign-in that show a second factor, or set one up. */
@Injectable()
export class FactorStep {
  constructor(
    private readonly steps: SignInSteps,
    private readonly proofs: FactorProofs,
    private readonly demands: Demands,
    private readonly challenges: Challenges,
    private readonly passkeys: Passkeys,
    private readonly totp: TotpFactors,
    private readonly changes: FactorChanges,
    private readonly sessions: SessionsService,
    private readonly accounts: AccountsService,
    private readonly budgets: AttemptBudgets,
  ) {}

  /**
   * Six digits of an app, or a recovery code. A wrong one leaves the challenge as it is.
   *
   * @throws CodesErrors.challengeNotValid, PlatformErrors.tooManyRequests, FactorsErrors.refused; the next demand
   */
  async withCode(challenge: string, code: string): Promise<SignInResult> {
    const resumed = await this.steps.resume(challenge);
    const { enrolling } = resumed.state;
    if (enrolling !== undefined) return this.enrol(resumed, enrolling, code);
    await this.require('factor', resumed);
    const { user } = resumed.account;
    const shown = await this.proofs.code(user, this.isKnown(resumed.account), code);
    return this.steps.take(resumed, [shown.name], async () => {
      await shown.spend();
      return user;
    });
  }

  /** The secret for an app, of whoever must have a second factor and has none. */
  async beginEnrolment(challenge: string): Promise<NewTotp & IssuedChallenge> {
    const resumed = await this.steps.resume(challenge);
    await this.require('enrolment', resumed);
    const proposed = await this.totp.propose(resumed.account.user.username);
    const { nonce: _nonce, expiresAt: _end, ...state } = resumed.state;
    const issued = await this.demands.issue({ ...state, enrolling: proposed.secret });
    return { ...issued, ...proposed };
  }

  /** What a browser asks an authenticator for a sign-in without a password. @throws FactorsErrors.passkeysNotSetUp */
  async passkeyOptions(): Promise<IssuedChallenge & { readonly passkey: object }> {
    this.passkeys.requireSetUp();
    const issued = await this.challenges.issue('passkey_signin', {}, PASSKEY_TTL);
    return { ...issued, passkey: await this.passkeys.requestOptions(issued.challenge) };
  }

  /**
   * A passkey, as the second factor with the challenge of a demand, or alone with that of `passkeyOptions`.
   *
   * @throws CodesErrors.challengeNotValid, PlatformErrors.tooManyRequests, FactorsErrors.refused; the next demand
   */
  async withPasskey(challenge: string, credential: PasskeyCredential): Promise<SignInResult> {
    const resumed = await this.steps.resume(challenge).catch((error: unknown) => {
      if (CodesErrors.challengeNotValid.describes(error)) return undefined;
      throw error;
    });
    if (resumed === undefined) return this.withPasskeyAlone(challenge, credential);
    await this.require('factor', resumed);
    const { user } = resumed.account;
    const shown = await this.proofs.passkey(user, challenge, credential);
    return this.steps.take(resumed, [shown.name], async () => {
      await shown.spend();
      return user;
    });
  }

  private async withPasskeyAlone(challenge: string, credential: PasskeyCredential): Promise<SignInResult> {
    const opened = await this.challenges.open('passkey_signin', challenge);
    const address = this.budgets.forClient();
    const refusal = await this.budgets.take(address);
    if (refusal !== undefined) throw tooManyAttempts(refusal);
    const checked = await this.proofs.passkeyAlone(challenge, credential);
    const account = await this.accounts.byId(checked.passkey.userId);
    if (account?.user.status !== 'active') throw FactorsErrors.refused();
    const { user } = account;
    // It counts as both factors: something the person has, and the authenticator has verified the person.
    const verified = { account, attempt: { user, address }, proof: ['passkey'] };
    return this.steps.finish(verified, async () => {
      await this.challenges.spend(opened, user.id);
      await this.proofs.spendPasskey(user, checked);
      return user;
    });
  }

  private async enrol(resumed: ResumedSignIn, secret: string, code: string): Promise<SignInResult> {
    await this.require('enrolment', resumed);
    const { user } = resumed.account;
    const step = await this.totp.stepOf(secret, code.replace(/\s/g, ''));
    if (step === undefined) throw FactorsErrors.refused();
    const change = {
      by: { user, session: null },
      ...ADDED,
      detail: { factor: 'totp' },
      byPerson: true,
    } as const;
    return this.steps.take(resumed, ['totp'], async () => {
      const applied = await this.changes.apply(user, change, () => this.totp.store(user.id, secret, step));
      if (applied === undefined) throw CodesErrors.challengeNotValid();
      return applied.user;
    });
  }

  private async require(demand: 'factor' | 'enrolment', resumed: ResumedSignIn): Promise<void> {
    if (!(await this.steps.isAskedFor(demand, resumed))) throw CodesErrors.challengeNotValid();
  }

  private isKnown({ addressNotedAt }: Account): boolean {
    return this.sessions.isKnownAddress(addressNotedAt);
  }
}

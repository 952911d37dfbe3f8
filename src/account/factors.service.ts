import { Injectable } from '@nestjs/common';
import { Challenges, type IssuedChallenge } from '../codes/challenges.service.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import type { Passkey } from '../factors/passkey.entity.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { RecoveryCodes } from '../factors/recovery-codes.service.js';
import type { TotpFactor } from '../factors/totp-factor.entity.js';
import { TotpFactors, type NewTotp } from '../factors/totp.service.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { MINUTE, type Duration } from '../platform/time/clock.js';
import { ADDED, FactorChanges, REMOVED } from '../users/factor-changes.service.js';
import { FactorPolicy } from '../users/factor-policy.js';
import type { User } from '../users/user.entity.js';

/** How long a person may take to set up an app. */
const ENROLMENT_TTL: Duration = 10 * MINUTE;

/** An app that is being set up: nothing of it is stored before its first code. */
interface Enrolment {
  readonly userId: string;
  readonly sessionId: string;
  readonly secret: string;
}

/** The second factors of a person. */
export interface OwnFactors {
  readonly totp: TotpFactor | undefined;
  readonly passkeys: readonly Passkey[];
  readonly recoveryCodesLeft: number;
  readonly required: boolean;
  /** Of passkeys that work here. */
  readonly rpId: string | undefined;
}

/** What people do with their own second factors. */
@Injectable()
export class FactorsService {
  constructor(
    private readonly totp: TotpFactors,
    private readonly passkeys: Passkeys,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly changes: FactorChanges,
    private readonly policy: FactorPolicy,
    private readonly challenges: Challenges,
  ) {}

  async list({ user, roles }: AuthContext): Promise<OwnFactors> {
    return {
      totp: await this.totp.find(user.id),
      passkeys: await this.passkeys.list(user.id),
      recoveryCodesLeft: await this.recoveryCodes.left(user.id),
      required: this.policy.isRequiredFor(roles),
      rpId: this.passkeys.rpId,
    };
  }

  async proposeTotp({ user, session }: AuthContext): Promise<NewTotp & IssuedChallenge> {
    const proposed = await this.totp.propose(user.username);
    const state: Enrolment = { userId: user.id, sessionId: session.id, secret: proposed.secret };
    return { ...(await this.challenges.issue('totp', state, ENROLMENT_TTL)), ...proposed };
  }

  /**
   * Makes the app the person's, in place of one before, so that there is no moment without.
   *
   * @returns recovery codes, with the first factor
   * @throws CodesErrors.challengeNotValid, FactorsErrors.refused for a wrong code, which leaves the challenge as it is
   */
  async confirmTotp(auth: AuthContext<User>, challenge: string, code: string): Promise<string[]> {
    const { user, session } = auth;
    const enrolment = await this.challenges.open<Enrolment>('totp', challenge);
    if (enrolment.userId !== user.id || enrolment.sessionId !== session.id)
      throw CodesErrors.challengeNotValid();
    const step = await this.totp.stepOf(enrolment.secret, code.replace(/\s/g, ''));
    if (step === undefined) throw FactorsErrors.refused();
    return this.changes.applyOwn(auth, { ...ADDED, factor: 'totp' }, async () => {
      await this.challenges.spend(enrolment, user.id);
      await this.totp.store(user.id, enrolment.secret, step);
      return user.secondFactorAt === null ? this.recoveryCodes.replace(user.id) : [];
    });
  }

  /** @throws FactorsErrors.noSuchFactor, FactorsErrors.lastFactor */
  async removeTotp(auth: AuthContext<User>): Promise<void> {
    await this.changes.applyOwn(auth, { ...REMOVED, factor: 'totp' }, async () => {
      if (!(await this.totp.remove(auth.user.id))) throw FactorsErrors.noSuchFactor();
    });
  }

  /** New recovery codes; those before are void. @throws FactorsErrors.noSuchFactor without a factor that they stand in for */
  async replaceRecoveryCodes(auth: AuthContext<User>): Promise<string[]> {
    if (auth.user.secondFactorAt === null) throw FactorsErrors.noSuchFactor();
    const kind = { action: 'recovery_codes.replaced', notice: 'recovery_codes_replaced' } as const;
    return this.changes.applyOwn(auth, kind, () => this.recoveryCodes.replace(auth.user.id));
  }
}

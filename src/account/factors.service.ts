import { Injectable } from '@nestjs/common';
import type { AuditEntry } from '../audit/audit.service.js';
import { Challenges, type IssuedChallenge } from '../codes/challenges.service.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { Database } from '../database/database.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import type { Passkey } from '../factors/passkey.entity.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { RecoveryCodes } from '../factors/recovery-codes.service.js';
import type { TotpFactor } from '../factors/totp-factor.entity.js';
import { TotpFactors, type NewTotp } from '../factors/totp.service.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { MINUTE, type Duration } from '../platform/time/clock.js';
import { FactorChanges } from '../users/factor-changes.service.js';
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
    private readonly database: Database,
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
    return this.change(auth, 'factor.added', 'factor_added', async () => {
      await this.challenges.spend(enrolment, user.id);
      await this.totp.store(user.id, enrolment.secret, step);
      return user.secondFactorAt === null ? this.recoveryCodes.replace(user.id) : [];
    });
  }

  /** @throws FactorsErrors.noSuchFactor, FactorsErrors.lastFactor */
  async removeTotp(auth: AuthContext<User>): Promise<void> {
    const { id } = auth.user;
    await this.change(auth, 'factor.removed', 'factor_removed', async () => {
      if (!(await this.totp.remove(id))) throw FactorsErrors.noSuchFactor();
      if (this.policy.isRequiredFor(auth.roles) && (await this.passkeys.count(id)) === 0)
        throw FactorsErrors.lastFactor();
      return [];
    });
  }

  /** New recovery codes; those before are void. @throws FactorsErrors.noSuchFactor without a factor that they stand in for */
  async replaceRecoveryCodes(auth: AuthContext<User>): Promise<string[]> {
    if (auth.user.secondFactorAt === null) throw FactorsErrors.noSuchFactor();
    return this.change(auth, 'recovery_codes.replaced', 'recovery_codes_replaced', () =>
      this.recoveryCodes.replace(auth.user.id),
    );
  }

  private async change<T>(
    auth: AuthContext<User>,
    action: 'factor.added' | 'factor.removed' | 'recovery_codes.replaced',
    notice: 'factor_added' | 'factor_removed' | 'recovery_codes_replaced',
    write: () => Promise<T>,
  ): Promise<T> {
    const detail: AuditEntry['detail'] = action === 'recovery_codes.replaced' ? {} : { factor: 'totp' };
    const about = { action, notice, detail, by: auth, byPerson: true, keepSessionId: auth.session.id };
    return this.database.transaction(async () => {
      const results: T[] = [];
      const changed = await this.changes.apply(
        auth.user,
        about,
        async () => void results.push(await write()),
      );
      const [result] = results;
      // Somebody has changed the password or a factor since the call came in.
      if (changed === undefined || result === undefined) throw CodesErrors.challengeNotValid();
      return result;
    });
  }
}

import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import { FactorAttempts } from '../factors/factor-attempts.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import type { PasskeyCredential } from '../factors/passkey-credential.js';
import { Passkeys, type CheckedPasskey } from '../factors/passkeys.service.js';
import { parseRecoveryCode, RecoveryCodes } from '../factors/recovery-codes.service.js';
import { TotpFactors } from '../factors/totp.service.js';
import { AttemptBudgets, tooManyAttempts, type Refusal } from '../throttling/attempt-budgets.js';
import { Notices } from '../users/notices.service.js';
import type { User } from '../users/user.entity.js';

/** A second factor that was shown and is right; nothing is spent yet. */
export interface ShownFactor {
  readonly name: 'totp' | 'recovery_code' | 'passkey';
  /** In the transaction of what it permits. @throws FactorsErrors.refused when somebody was faster */
  readonly spend: () => Promise<void>;
}

/** Six digits, as people type them. */
const DIGITS = /^[0-9]{6}$/;

/** Compares what people show as their second factor, at a sign-in and when they show again who they are. */
@Injectable()
export class FactorProofs {
  constructor(
    private readonly totp: TotpFactors,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly passkeys: Passkeys,
    private readonly attempts: FactorAttempts,
    private readonly budgets: AttemptBudgets,
    private readonly notices: Notices,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /**
   * Six digits of an app, counted before they are compared, or a recovery code.
   *
   * @param isKnown whether the account is used from the client's network
   * @throws PlatformErrors.tooManyRequests, FactorsErrors.refused
   */
  async code(user: User, isKnown: boolean, text: string): Promise<ShownFactor> {
    const digits = text.replace(/\s/g, '');
    return DIGITS.test(digits) ? this.app(user, isKnown, digits) : this.recoveryCode(user, text);
  }

  /** @throws FactorsErrors.refused */
  async passkey(user: User, challenge: string, credential: PasskeyCredential): Promise<ShownFactor> {
    const checking = this.passkeys.checkAssertion(challenge, credential, user.id);
    const checked = await this.recorded(checking, () => this.recordRefusal(user, 'passkey'));
    return { name: 'passkey', spend: () => this.spendPasskey(user, checked) };
  }

  /** A passkey alone: whose it is, the passkey says. @throws FactorsErrors.refused */
  async passkeyAlone(challenge: string, credential: PasskeyCredential): Promise<CheckedPasskey> {
    const failure = { action: 'signin.failed', outcome: 'failure', targetType: 'user' } as const;
    const checking = this.passkeys.checkAssertion(challenge, credential);
    return this.recorded(checking, () => this.audit.record({ ...failure, detail: { proof: 'passkey' } }));
  }

  async spendPasskey(user: User, checked: CheckedPasskey): Promise<void> {
    await this.passkeys.use(checked);
    if (!checked.counterFell) return;
    // A sign that there is a copy of it. No proof, because some authenticators count badly (WebAuthn, section 6.1.1).
    const target = {
      targetType: 'user',
      targetId: user.id,
      detail: { passkey_id: checked.passkey.id },
    } as const;
    await this.audit.record({ action: 'passkey.counter_fell', ...target });
    await this.notices.send(user, 'passkey_counter_fell', 'person');
  }

  private async app(user: User, isKnown: boolean, digits: string): Promise<ShownFactor> {
    const refusal = await this.attempts.take(user.id, isKnown);
    if (refusal !== undefined) return this.refuseUncompared(user, refusal);
    const right = await this.totp.check(user.id, digits);
    if (right === undefined) return this.refuse(user, 'totp');
    const spend = async () => {
      if (!(await this.totp.use(right))) throw FactorsErrors.refused();
      await this.attempts.forget(user.id, isKnown);
    };
    return { name: 'totp', spend };
  }

  private async recoveryCode(user: User, text: string): Promise<ShownFactor> {
    const code = parseRecoveryCode(text);
    if (code === undefined || !(await this.recoveryCodes.isUsable(user.id, code))) {
      // Nobody guesses 120 bits, so only the client is counted, and only when it fails.
      const refusal = await this.budgets.take(this.budgets.forClient());
      if (refusal !== undefined) throw tooManyAttempts(refusal);
      return this.refuse(user, 'recovery_code');
    }
    const spend = async () => {
      if (!(await this.recoveryCodes.use(user.id, code))) throw FactorsErrors.refused();
      const left = await this.recoveryCodes.left(user.id);
      const target = { targetType: 'user', targetId: user.id, detail: { left } } as const;
      await this.audit.record({
        action: 'recovery_code.used',
        actorId: user.id,
        actorName: user.username,
        ...target,
      });
      await this.notices.send(user, 'recovery_code_used', 'person', { left });
    };
    return { name: 'recovery_code', spend };
  }

  /** Evidence first, then the answer. */
  private async recorded<T>(checking: Promise<T>, record: () => Promise<void>): Promise<T> {
    return checking.catch(async (error: unknown) => {
      if (FactorsErrors.refused.describes(error)) await record();
      throw error;
    });
  }

  private async refuse(user: User, factor: ShownFactor['name']): Promise<never> {
    await this.recordRefusal(user, factor);
    throw FactorsErrors.refused();
  }

  private async recordRefusal(user: User, factor: ShownFactor['name']): Promise<void> {
    const target = { targetType: 'user', targetId: user.id } as const;
    await this.audit.record({ action: 'factor.refused', outcome: 'failure', ...target, detail: { factor } });
  }

  /** The first time the person is told: whoever guesses here has the password. */
  private async refuseUncompared(user: User, refusal: Refusal): Promise<never> {
    if (!refusal.reported) {
      await this.database.transaction(async () => {
        if (!(await this.budgets.isFirstRefusal(refusal))) return;
        const target = { targetType: 'user', targetId: user.id } as const;
        await this.audit.record({ action: 'factor.limited', outcome: 'failure', ...target });
        await this.notices.send(user, 'factor_guessed', 'person');
      });
    }
    throw tooManyAttempts(refusal);
  }
}

import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { Challenges } from '../codes/challenges.service.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts } from '../throttling/attempt-budgets.js';
import { AccountsService } from '../users/accounts.service.js';
import type { User } from '../users/user.entity.js';
import type { ReauthenticationRequest } from './auth.dto.js';
import { FactorProofs, type ShownFactor } from './factor-proofs.service.js';

/** A person shows again, in a session, who they are; the session is then fresh. It takes what a sign-in takes. */
@Injectable()
export class ReauthenticationService {
  constructor(
    private readonly accounts: AccountsService,
    private readonly credentials: CredentialsService,
    private readonly proofs: FactorProofs,
    private readonly challenges: Challenges,
    private readonly sessions: SessionsService,
    private readonly budgets: AttemptBudgets,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /**
   * Guesses have budgets of their own, those of the password together with those of a change of it: a stolen session
   * cannot try them all, and cannot lock its owner out of signing in.
   *
   * @throws PlatformErrors.overloaded, PlatformErrors.tooManyRequests, CredentialsErrors.wrongCurrentPassword,
   *   FactorsErrors.refused, CodesErrors.challengeNotValid
   */
  async confirm(auth: AuthContext<User>, request: ReauthenticationRequest): Promise<void> {
    const { password, code, challenge, credential } = request;
    if (challenge !== undefined && credential !== undefined) {
      const opened = await this.challenges.open('passkey_signin', challenge);
      const shown = await this.proofs.passkey(auth.user, challenge, credential);
      return this.refresh(auth, async () => {
        await this.challenges.spend(opened, auth.user.id);
        await shown.spend();
      });
    }
    const budget = this.budgets.forReauthentication(auth.user.id);
    const isPassword = await this.isPassword(auth, password ?? '');
    // Both are compared before either is answered.
    const shown = await this.factorOf(auth.user, code).catch((error: unknown) => {
      if (isPassword || !FactorsErrors.refused.describes(error)) throw error;
    });
    if (!isPassword) {
      await this.audit.record({
        ...this.eventOf(auth),
        outcome: 'failure',
        detail: { reason: 'wrong_current_password' },
      });
      throw CredentialsErrors.wrongCurrentPassword();
    }
    await this.refresh(auth, async () => {
      await shown?.spend();
      await this.budgets.reset(budget);
    });
  }

  private async isPassword(auth: AuthContext, password: string): Promise<boolean> {
    using place = await this.credentials.reservePlace();
    const refusal = await this.budgets.take(this.budgets.forReauthentication(auth.user.id));
    if (refusal !== undefined) throw tooManyAttempts(refusal);
    return await this.credentials.verify(place, await this.credentials.findHash(auth.user.id), password);
  }

  /** Of a user who has a factor, what was shown; of another nothing. @throws FactorsErrors.refused */
  private async factorOf(user: User, code: string | undefined): Promise<ShownFactor | undefined> {
    if (user.secondFactorAt === null) return undefined;
    if (code === undefined) throw FactorsErrors.refused();
    const account = await this.accounts.byId(user.id);
    const isKnown = this.sessions.isKnownAddress(account?.addressNotedAt ?? null);
    return this.proofs.code(user, isKnown, code);
  }

  private async refresh(auth: AuthContext, spend: () => Promise<void>): Promise<void> {
    await this.database.transaction(async () => {
      await spend();
      await this.sessions.confirm(auth.session.id);
      await this.audit.record(this.eventOf(auth));
    });
  }

  private eventOf(auth: AuthContext) {
    const target = { targetType: 'session', targetId: auth.session.id } as const;
    return { ...doneBy(auth), action: 'session.reauthenticated', ...target } as const;
  }
}

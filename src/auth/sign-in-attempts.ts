import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService } from '../audit/audit.service.js';
import { budgetsConfig } from '../config/budgets.config.js';
import { Database } from '../database/database.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts, type Budget, type Refusal } from '../throttling/attempt-budgets.js';
import { KeyedDigest } from '../throttling/keyed-digest.js';
import type { Account } from './auth.queries.js';
import { AuthErrors } from './auth.errors.js';

/** An admitted attempt, and the budgets that it was taken from. */
export interface SignInAttempt {
  /** The account that was meant, if there is one. */
  readonly userId: string | undefined;
  readonly username: string | undefined;
  readonly address: Budget;
  readonly account: Budget;
}

/**
 * Which attempts to sign in are admitted, and the record of how they end. An unknown name is counted, refused and
 * recorded by the same statements as an account, so neither the answer nor its time tells them apart.
 */
@Injectable()
export class SignInAttempts {
  constructor(
    private readonly budgets: AttemptBudgets,
    private readonly digests: KeyedDigest,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
  ) {}

  /**
   * The budget that an attempt at an account is taken from. An address that the account is used from has a count of its
   * own, so that an attack from elsewhere cannot lock the owner out; and a success there does not give that attack new
   * attempts.
   *
   * @param name the canonical form of what was typed; kept only as a keyed digest, and only if it is nobody's
   */
  async budgetOf(account: Account | undefined, name: string): Promise<Budget> {
    const limit = this.config.accountAttempts;
    const digest = await this.digests.digest(name);
    if (account === undefined) return { key: `name:${digest}`, limit };
    const { id } = account.user;
    if (!this.sessions.isKnownAddress(account.addressNotedAt)) return { key: `account:${id}`, limit };
    return { key: `known:${id}:${clientNetwork()}`, limit };
  }

  /**
   * Takes an attempt from the client's address and from the account, or from neither.
   *
   * @param account whose it is, if there is one
   * @param budget the account's
   * @throws PlatformErrors.tooManyRequests
   */
  async take(account: Account | undefined, budget: Budget): Promise<SignInAttempt> {
    const { addressAttempts } = this.config;
    const address = { key: `address:${clientNetwork()}`, limit: addressAttempts };
    const attempt = { userId: account?.user.id, username: account?.user.username, address, account: budget };
    const refusal = await this.budgets.take(address, attempt.account);
    if (refusal === undefined) return attempt;
    await this.recordFirstRefusal(attempt, refusal);
    throw tooManyAttempts(refusal);
  }

  /** Evidence first, then the one answer to whatever was wrong. The attempt stays counted. @throws AuthErrors.wrongCredentials */
  async fail({ userId }: SignInAttempt): Promise<never> {
    const target = { targetType: 'user', targetId: userId } as const;
    await this.audit.record({ action: 'signin.failed', outcome: 'failure', ...target });
    throw AuthErrors.wrongCredentials();
  }

  /**
   * In the transaction of the sign-in: the account begins anew, the address gets back this attempt and no more, or
   * anyone could wash an address clean by signing in to an account of their own.
   */
  async succeed(
    { userId, username = '', address, account }: SignInAttempt,
    sessionId: string,
  ): Promise<void> {
    await this.budgets.reset(account, address);
    const target = { targetType: 'user', targetId: userId } as const;
    await this.audit.record({
      action: 'signin.succeeded',
      actorId: userId,
      actorName: username,
      sessionId,
      ...target,
    });
  }

  private async recordFirstRefusal({ userId, address }: SignInAttempt, refusal: Refusal): Promise<void> {
    if (refusal.reported) return;
    const budget = refusal.budget === address ? 'address' : 'account';
    await this.database.transaction(async () => {
      if (!(await this.budgets.isFirstRefusal(refusal))) return;
      await this.audit.record({
        action: 'signin.limited',
        outcome: 'failure',
        targetType: 'user',
        targetId: budget === 'account' ? userId : null,
        detail: { budget },
      });
    });
  }
}

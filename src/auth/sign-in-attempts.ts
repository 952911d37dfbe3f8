import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService } from '../audit/audit.service.js';
import { budgetsConfig } from '../config/budgets.config.js';
import { passwordsConfig } from '../config/passwords.config.js';
import { Database } from '../database/database.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { Semaphore, type Permit } from '../platform/semaphore.js';
import type { Duration } from '../platform/time/clock.js';
import { AttemptBudgets, tooManyAttempts, type Budget, type Refusal } from '../throttling/attempt-budgets.js';
import { KeyedDigest } from '../throttling/keyed-digest.js';
import type { Account, NamedAccount } from '../users/accounts.service.js';
import { AuthErrors } from './auth.errors.js';

/** An attempt at an account, if there is one, and the budgets that it is taken from. */
export interface SignInAttempt {
  readonly user: Account['user'] | undefined;
  readonly address: Budget;
  /** None where the proof names the account. */
  readonly account?: Budget | undefined;
}

/** An attempt with a password: it is counted for the account, too. */
export type PlannedAttempt = SignInAttempt & { readonly account: Budget };

/**
 * Which attempts to sign in are admitted, and the record of how they end. An unknown name is counted, refused and
 * recorded by the statements that an account takes, so neither the answer nor its time tells them apart.
 */
@Injectable()
export class SignInAttempts {
  private readonly underWay = new Map<string, Semaphore>();

  constructor(
    private readonly budgets: AttemptBudgets,
    private readonly digests: KeyedDigest,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
    @Inject(passwordsConfig.KEY) private readonly passwords: ConfigType<typeof passwordsConfig>,
  ) {}

  /**
   * An address that the account is used from has a count of its own, so that an attack from elsewhere cannot lock the
   * owner out; and a success there does not give that attack new attempts.
   *
   * @param named of a name without an account only a keyed digest is kept
   */
  async plan({ account, name, isKnown }: NamedAccount): Promise<PlannedAttempt> {
    const { accountAttempts: limit } = this.config;
    const address = this.budgets.forClient();
    // Made for accounts, too, so that both take as long.
    const digest = await this.digests.digest(name);
    if (account === undefined) return { user: undefined, address, account: { key: `name:${digest}`, limit } };
    const { user } = account;
    const key = isKnown ? `known:${user.id}:${clientNetwork()}` : `account:${user.id}`;
    return { user, address, account: { key, limit } };
  }

  /**
   * The right to try a password of this account, if nobody has to be waited for.
   *
   * A process tries only a quarter of an account's budget at once. An attempt is counted before it is tried and given
   * back when it succeeds; without this a large machine would count more right passwords at once than the budget has. A
   * quarter leaves room for other replicas.
   */
  tryPermit({ account }: PlannedAttempt): Permit | undefined {
    return this.permitsOf(account).tryAcquire();
  }

  /**
   * Waits for that right. As many may wait for each account as for the hash queue.
   *
   * @throws PlatformErrors.overloaded at once when too many wait already, or after `maxWait`
   */
  async waitForPermit({ account }: PlannedAttempt, maxWait: Duration): Promise<Permit> {
    const permit = await this.permitsOf(account).acquire(maxWait);
    if (permit !== undefined) return permit;
    const reason = 'too many sign-ins of one account are under way';
    throw PlatformErrors.overloaded({ retryAfter: 1, reason });
  }

  /** Takes the attempt from both budgets or from neither. @throws PlatformErrors.tooManyRequests */
  async take(attempt: PlannedAttempt): Promise<void> {
    const refusal = await this.budgets.take(attempt.address, attempt.account);
    if (refusal === undefined) return;
    await this.recordFirstRefusal(attempt, refusal);
    throw tooManyAttempts(refusal);
  }

  /** Records the failure, then gives the one answer to whatever was wrong. @throws AuthErrors.wrongCredentials */
  async fail({ user }: SignInAttempt): Promise<never> {
    const target = { targetType: 'user', targetId: user?.id } as const;
    await this.audit.record({ action: 'signin.failed', outcome: 'failure', ...target });
    throw AuthErrors.wrongCredentials();
  }

  /**
   * In the transaction of the sign-in: the account begins anew, the address gets back this attempt and no more, or
   * anyone could wash an address clean by signing in to an account of their own.
   */
  async succeed({ user, address, account }: SignInAttempt, sessionId: string): Promise<void> {
    if (account === undefined) await this.budgets.giveBack(address);
    else await this.budgets.reset(account, address);
    const by = { actorId: user?.id, actorName: user?.username ?? '', sessionId };
    await this.audit.record({ action: 'signin.succeeded', ...by, targetType: 'user', targetId: user?.id });
  }

  private async recordFirstRefusal({ user, address }: SignInAttempt, refusal: Refusal): Promise<void> {
    if (refusal.reported) return;
    const budget = refusal.budget === address ? 'address' : 'account';
    await this.database.transaction(async () => {
      if (!(await this.budgets.isFirstRefusal(refusal))) return;
      const target = { targetType: 'user', targetId: budget === 'account' ? user?.id : null } as const;
      await this.audit.record({
        action: 'signin.limited',
        outcome: 'failure',
        ...target,
        detail: { budget },
      });
    });
  }

  /** Kept by the account's budget, which names without an account have, too. */
  private permitsOf({ key, limit }: Budget): Semaphore {
    const limits = { permits: Math.ceil(limit / 4), maxWaiting: this.passwords.queue };
    const permits = this.underWay.get(key) ?? new Semaphore(limits, () => this.underWay.delete(key));
    this.underWay.set(key, permits);
    return permits;
  }
}

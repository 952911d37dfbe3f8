import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../credentials/credentials.service.js';
import { AppError } from '../platform/errors/app-error.js';
import { AccountsService } from '../users/accounts.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { Demands } from './demands.service.js';
import { SessionOpening, type SignInResult, type VerifiedSignIn } from './session-opening.service.js';
import { SignInAttempts } from './sign-in-attempts.js';

export type { SignInResult };

/** A weak hash, and the one of the same password that takes its place. */
interface HashUpgrade {
  readonly hash: string;
  readonly stronger: string;
}

/** A sign-in from its first step to its last. */
@Injectable()
export class SignInService {
  constructor(
    private readonly users: UsersService,
    private readonly accounts: AccountsService,
    private readonly attempts: SignInAttempts,
    private readonly credentials: CredentialsService,
    private readonly demands: Demands,
    private readonly opening: SessionOpening,
  ) {}

  /**
   * Opens a session for whoever knows the password. An unknown name, a disabled account and a wrong password take
   * equal steps, statements and hashes, and end in one error.
   *
   * @throws AuthErrors.wrongCredentials, PlatformErrors.tooManyRequests, PlatformErrors.overloaded;
   *   when the password is right and not enough: AuthErrors.secondFactorNeeded, passwordChangeNeeded, enrolmentNeeded
   */
  async signIn(username: string, password: string): Promise<SignInResult> {
    return this.verifyAndOpen(username, password).catch(pauseIfTurnedAway);
  }

  private async verifyAndOpen(username: string, password: string): Promise<SignInResult> {
    using firstPlace = await this.credentials.reservePlace();
    const named = await this.accounts.named(username);
    const { account } = named;
    const attempt = await this.attempts.plan(named);

    const free = this.attempts.tryPermit(attempt);
    // While this attempt waits for others of its account, somebody else may use its place in the hash queue.
    if (free === undefined) firstPlace.release();
    // The permit is held until the session is open, because the attempt stays counted until then.
    using untilOpened = new DisposableStack();
    untilOpened.use(free ?? (await this.attempts.waitForPermit(attempt, firstPlace.timeLeft())));
    using place = free ? firstPlace : await this.credentials.reservePlace(firstPlace.timeLeft());

    // Counted for good before the password is tried.
    await this.attempts.take(attempt);
    const hash = account?.hash ?? undefined;
    const matches = await this.credentials.verify(place, hash, password);
    if (!matches || account?.user.status !== 'active' || hash === undefined)
      return await this.attempts.fail(attempt);
    const stronger = await this.credentials.strengthened(place, hash, password);
    place.release();
    return await this.proceed(
      { account, attempt, proof: ['password'] },
      stronger === undefined ? undefined : { hash, stronger },
    );
  }

  /** Opens the session, unless something is demanded first, or the account was changed since it was verified. */
  private async proceed(verified: VerifiedSignIn, upgrade?: HashUpgrade): Promise<SignInResult> {
    const { user } = verified.account;
    const demand = await this.demands.first(user, verified.proof);
    if (demand !== undefined) {
      await this.upgrade(user, upgrade);
      throw await this.demands.toError(demand, verified);
    }
    const result = await this.opening.open(verified, async () => {
      if (!(await this.users.recordSignIn(user))) return undefined;
      await this.upgrade(user, upgrade);
      return user;
    });
    return result ?? this.attempts.fail(verified.attempt);
  }

  private async upgrade({ id }: User, upgrade?: HashUpgrade): Promise<void> {
    if (upgrade !== undefined) await this.credentials.upgrade(id, upgrade.hash, upgrade.stronger);
  }
}

/**
 * Holds back the answer of an attempt that was turned away untried for a moment. Whoever comes back at once, over and
 * over, then waits for the pause, which costs nothing, instead of taking the processor from everybody else.
 */
async function pauseIfTurnedAway(error: unknown): Promise<never> {
  const status = error instanceof AppError ? error.definition.status : undefined;
  if (status === 429 || status === 503) await sleep(100 + Math.random() * 150);
  throw error;
}

import { Injectable } from '@nestjs/common';
import { Challenges } from '../codes/challenges.service.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { Database } from '../database/database.js';
import { AccountsService, type Account } from '../users/accounts.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { Demands, type Demand, type OpenedSignIn } from './demands.service.js';
import { SessionOpening, type SignInResult, type VerifiedSignIn } from './session-opening.service.js';

/** A sign-in that goes on. */
export interface ResumedSignIn {
  readonly state: OpenedSignIn;
  readonly account: Account;
}

/** The steps of a sign-in after its first. */
@Injectable()
export class SignInSteps {
  constructor(
    private readonly challenges: Challenges,
    private readonly accounts: AccountsService,
    private readonly demands: Demands,
    private readonly users: UsersService,
    private readonly opening: SessionOpening,
    private readonly database: Database,
  ) {}

  /**
   * The sign-in behind a challenge.
   *
   * @throws CodesErrors.challengeNotValid, also when the user was disabled, or has another password or factor since
   */
  async resume(challenge: string): Promise<ResumedSignIn> {
    const state: OpenedSignIn = await this.challenges.open('signin', challenge);
    const account = await this.accounts.byId(state.userId);
    if (account === undefined || !isCurrent(account.user, state)) throw CodesErrors.challengeNotValid();
    return { state, account };
  }

  /** Whether it is this that the sign-in is to show now. */
  async isAskedFor(demand: Demand, { state, account }: ResumedSignIn): Promise<boolean> {
    return (await this.demands.first(account.user, state.proof)) === demand;
  }

  /**
   * Takes a step in one transaction: the lock on the user, the mark of the challenge, what the step writes. Then the
   * session is opened in it, or the next demand is thrown after it.
   *
   * @param proved what the person has shown in this step
   * @param write answers the user as changed; what it throws leaves the challenge as it is
   * @throws CodesErrors.challengeNotValid when somebody was faster; the next demand
   */
  async take(
    { state, account }: ResumedSignIn,
    proved: readonly string[],
    write: (user: User) => Promise<User>,
  ): Promise<SignInResult> {
    const attempt = { user: account.user, ...state.budgets };
    const verified = { account, attempt, proof: [...state.proof, ...proved] };
    return this.finish(verified, async () => {
      await this.challenges.spend(state, account.user.id);
      return write(account.user);
    });
  }

  /** As `take`, for whatever proves who somebody is. `write` comes after the lock on the user. */
  async finish(verified: VerifiedSignIn, write: () => Promise<User>): Promise<SignInResult> {
    const outcome = await this.database.transaction(async () => {
      if (!(await this.users.lockAs(verified.account.user))) throw CodesErrors.challengeNotValid();
      const user = await write();
      const step = { ...verified, account: { ...verified.account, user } };
      const demand = await this.demands.first(user, step.proof);
      if (demand !== undefined) return { demand, step };
      const result = await this.opening.open(step, async () =>
        (await this.users.recordSignIn(user)) ? user : undefined,
      );
      if (result === undefined) throw CodesErrors.challengeNotValid();
      return { result };
    });
    if (outcome.result !== undefined) return outcome.result;
    throw await this.demands.toError(outcome.demand, outcome.step);
  }
}

function isCurrent({ status, credentialVersion, secondFactorAt }: User, state: OpenedSignIn): boolean {
  return (
    status === 'active' &&
    credentialVersion === state.credentialVersion &&
    secondFactorAt === state.secondFactorAt
  );
}

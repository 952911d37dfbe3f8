import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Challenges, type IssuedChallenge, type OpenedChallenge } from '../codes/challenges.service.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { RecoveryCodes } from '../factors/recovery-codes.service.js';
import { TotpFactors } from '../factors/totp.service.js';
import type { AppError } from '../platform/errors/app-error.js';
import { MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import type { Budget } from '../throttling/attempt-budgets.js';
import { FactorPolicy } from '../users/factor-policy.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { AuthErrors } from './auth.errors.js';
import type { VerifiedSignIn } from './session-opening.service.js';

/** What a sign-in asks for beyond the first proof, in the order in which it asks. */
export type Demand = 'factor' | 'new_password' | 'enrolment';

/** How long the next step of a sign-in may take. */
const CHALLENGE_TTL: Duration = 5 * MINUTE;

/** A sign-in between two of its steps. */
export interface SignInState {
  readonly userId: string;
  /** The password and the factor that the user had when the sign-in began. */
  readonly credentialVersion: number;
  readonly secondFactorAt: Instant | null;
  /** By what the person has shown who they are so far. */
  readonly proof: readonly string[];
  /** From where the attempt was taken: it counts until a session is open. */
  readonly budgets: { readonly account?: Budget | undefined; readonly address: Budget };
  /** The secret of an app that is being set up, in base32. */
  readonly enrolling?: string;
}

export type OpenedSignIn = OpenedChallenge<SignInState>;

const FACTORS: ReadonlySet<string> = new Set(['totp', 'recovery_code', 'passkey']);

/** Which demands of a sign-in are not met yet. No session opens before all are. */
@Injectable()
export class Demands {
  constructor(
    private readonly challenges: Challenges,
    private readonly policy: FactorPolicy,
    private readonly users: UsersService,
    private readonly totp: TotpFactors,
    private readonly passkeys: Passkeys,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly audit: AuditService,
  ) {}

  /** The first one that is not met. A user without a factor costs no statement where no policy asks for one. */
  async first(user: User, proof: readonly string[]): Promise<Demand | undefined> {
    const hasShownFactor = proof.some((one) => FACTORS.has(one));
    if (user.secondFactorAt !== null && !hasShownFactor) return 'factor';
    if (user.mustChangePassword === 1) return 'new_password';
    return (await this.mustEnrol(user)) ? 'enrolment' : undefined;
  }

  /** A demand as the client is told it, to be thrown. */
  async toError(demand: Demand, verified: VerifiedSignIn): Promise<AppError> {
    const { user } = verified.account;
    const issued = await this.issue(stateOf(verified));
    const target = { targetType: 'user', targetId: user.id } as const;
    await this.audit.record({ action: 'signin.challenged', ...target, detail: { demand } });
    switch (demand) {
      case 'factor':
        return AuthErrors.secondFactorNeeded({ challenge: await this.withFactors(user.id, issued) });
      case 'new_password':
        return AuthErrors.passwordChangeNeeded({ challenge: issued });
      case 'enrolment':
        return AuthErrors.enrolmentNeeded({ challenge: issued });
    }
  }

  async issue(state: SignInState): Promise<IssuedChallenge> {
    return this.challenges.issue('signin', state, CHALLENGE_TTL);
  }

  private async mustEnrol(user: User): Promise<boolean> {
    if (user.secondFactorAt !== null || this.policy.isOff) return false;
    return this.policy.isUnmetBy(user, (await this.users.get(user.id)).roles);
  }

  /** What can meet the demand, and the options for a passkey. */
  private async withFactors(userId: string, issued: IssuedChallenge) {
    const hasApp = (await this.totp.find(userId)) !== undefined;
    const { rpId } = this.passkeys;
    const hasPasskey = (await this.passkeys.list(userId)).some((passkey) => passkey.rpId === rpId);
    const hasCodes = (await this.recoveryCodes.left(userId)) > 0;
    const factors = [
      ...(hasApp ? ['totp'] : []),
      ...(hasCodes ? ['recovery_code'] : []),
      ...(hasPasskey ? ['passkey'] : []),
    ];
    const passkey = hasPasskey ? await this.passkeys.requestOptions(issued.challenge, userId) : undefined;
    return { ...issued, factors, ...(passkey && { passkey }) };
  }
}

function stateOf({ account: { user }, attempt: { account, address }, proof }: VerifiedSignIn): SignInState {
  const { id: userId, credentialVersion, secondFactorAt } = user;
  return { userId, credentialVersion, secondFactorAt, proof, budgets: { account, address } };
}

import { Injectable } from '@nestjs/common';
import { Challenges, type IssuedChallenge } from '../codes/challenges.service.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import type { PasskeyCredential } from '../factors/passkey-credential.js';
import type { Passkey } from '../factors/passkey.entity.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { RecoveryCodes } from '../factors/recovery-codes.service.js';
import { canonicalName } from '../platform/display-name.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { MINUTE, type Duration } from '../platform/time/clock.js';
import { ADDED, FactorChanges, REMOVED } from '../users/factor-changes.service.js';
import type { User } from '../users/user.entity.js';

/** How long a person may take to make a passkey. */
const REGISTRATION_TTL: Duration = 10 * MINUTE;

/** Who makes a passkey, and where. */
interface Registration {
  readonly userId: string;
  readonly sessionId: string;
}

/** A passkey that was just added, with recovery codes if it is the first factor. */
export interface AddedPasskey {
  readonly passkey: Passkey;
  readonly recoveryCodes: readonly string[];
}

/** What people do with their own passkeys. */
@Injectable()
export class PasskeysService {
  constructor(
    private readonly passkeys: Passkeys,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly changes: FactorChanges,
    private readonly challenges: Challenges,
  ) {}

  /** @throws FactorsErrors.passkeysNotSetUp, FactorsErrors.tooManyPasskeys */
  async options({ user, session }: AuthContext<User>): Promise<IssuedChallenge & { passkey: object }> {
    this.passkeys.requireSetUp();
    const state: Registration = { userId: user.id, sessionId: session.id };
    const issued = await this.challenges.issue('passkey', state, REGISTRATION_TTL);
    return { ...issued, passkey: await this.passkeys.creationOptions(issued.challenge, user) };
  }

  /**
   * @throws FactorsErrors.passkeysNotSetUp, CodesErrors.challengeNotValid, FactorsErrors.refused for whatever is wrong with
   *   the credential, FactorsErrors.tooManyPasskeys
   */
  async add(
    auth: AuthContext<User>,
    challenge: string,
    credential: PasskeyCredential,
    name: string,
  ): Promise<AddedPasskey> {
    const { user, session } = auth;
    this.passkeys.requireSetUp();
    const registration = await this.challenges.open<Registration>('passkey', challenge);
    if (registration.userId !== user.id || registration.sessionId !== session.id)
      throw CodesErrors.challengeNotValid();
    const made = await this.passkeys.checkRegistration(challenge, credential);
    return this.changes.applyOwn(auth, { ...ADDED, factor: 'passkey' }, async () => {
      await this.challenges.spend(registration, user.id);
      const passkey = await this.passkeys.add(user.id, made, canonicalName(name));
      const isFirst = user.secondFactorAt === null;
      return { passkey, recoveryCodes: isFirst ? await this.recoveryCodes.replace(user.id) : [] };
    });
  }

  /** @throws FactorsErrors.noSuchFactor */
  async rename({ user }: AuthContext, id: string, name: string): Promise<Passkey> {
    return this.passkeys.rename(user.id, id, canonicalName(name));
  }

  /** @throws FactorsErrors.noSuchFactor, FactorsErrors.lastFactor */
  async remove(auth: AuthContext<User>, id: string): Promise<void> {
    await this.changes.applyOwn(auth, { ...REMOVED, factor: 'passkey' }, async () => {
      if (!(await this.passkeys.remove(auth.user.id, id))) throw FactorsErrors.noSuchFactor();
    });
  }
}

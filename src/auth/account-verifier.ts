import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { passwordsConfig } from '../config/passwords.config.js';
import { serviceConfig } from '../config/service.config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import type { Place } from '../credentials/hash-queue.js';
import { clientNetwork } from '../platform/http/client-address.js';
import type { Permit } from '../platform/semaphore.js';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { parseIdentifier, type Identifier } from '../users/identifiers.js';
import { AccountPermits } from './account-permits.js';
import { AccountsRepository, type Account } from './accounts.repository.js';
import { SignInAttempts, type SignInAttempt } from './sign-in-attempts.js';

/** An account whose password was just verified, and the stronger hash to store if its own has become weak. */
export interface VerifiedAccount extends Account {
  readonly attempt: SignInAttempt;
  /** To be given back when it is known whether the session was opened: until then the attempt stays counted. */
  readonly permit: Permit;
  readonly upgrade?: { readonly from: string; readonly to: string };
}

/** How long a sign-in whose password was verified may take to open its session: longer than the database may. */
const LONGEST_OPENING: Duration = 10 * SECOND;

/** Nobody's identifier: looked up where there is nothing to look up, so that it costs the same. */
const NO_IDENTIFIER: Identifier = { kind: 'username', value: '' };

/** The first half of a sign-in: who are you? Outside any transaction, because a hash takes longer than anything in one. */
@Injectable()
export class AccountVerifier {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly credentials: CredentialsService,
    private readonly attempts: SignInAttempts,
    private readonly permits: AccountPermits,
    @Inject(passwordsConfig.KEY) private readonly passwords: ConfigType<typeof passwordsConfig>,
    @Inject(serviceConfig.KEY) private readonly service: ConfigType<typeof serviceConfig>,
  ) {}

  /**
   * Verifies a password. An unknown name, a disabled account and a wrong password take the same steps, statements
   * and hash, and end in the same error. The attempt is counted, for good, before the password is tried.
   *
   * Whoever has to wait for a permit of the account waits no longer than `HASH_WAIT` in all.
   *
   * @throws AppError 11001, 10008 when too many attempts were made, 10009 when there is no place in the hash queue
   */
  async verify(username: string, password: string): Promise<VerifiedAccount> {
    const deadline = performance.now() + this.passwords.wait;
    using held = new DisposableStack();
    const first = held.use(await this.credentials.reservePlace());
    const identifier = parseIdentifier(username, this.service.defaultPhoneRegion);
    const account = await this.accounts.find(identifier ?? NO_IDENTIFIER, clientNetwork());
    const budget = await this.attempts.accountBudget(account, identifier?.value ?? unreadable(username));
    const { permit, place } = await this.mayTry(budget.key, first, deadline);
    held.use(place);
    using trying = new DisposableStack();
    trying.use(permit);
    const attempt = await this.attempts.take(account, budget);
    const hash = account?.hash ?? undefined;
    const matches = await this.credentials.verify(place, hash, password);
    if (!matches || account?.user.status !== 'active' || hash === undefined)
      return await this.attempts.fail(attempt);
    const stronger = await this.credentials.strengthened(place, hash, password);
    // The permit is given back when the session is open.
    trying.move();
    const verified = { ...account, attempt, permit: permit.releaseAfter(LONGEST_OPENING) };
    return stronger === undefined ? verified : { ...verified, upgrade: { from: hash, to: stronger } };
  }

  /** Where others have to be waited for, the place in the hash queue goes to somebody else meanwhile. */
  private async mayTry(
    key: string,
    place: Place,
    deadline: number,
  ): Promise<{ permit: Permit; place: Place }> {
    const free = this.permits.tryAcquire(key);
    if (free !== undefined) return { permit: free, place };
    place.release();
    const left = () => Math.max(0, deadline - performance.now());
    const permit = await this.permits.acquire(key, left());
    try {
      return { permit, place: await this.credentials.reservePlace(left()) };
    } catch (error) {
      permit.release();
      throw error;
    }
  }
}

/** What is no identifier at all is counted, too, alike for spellings that a person would take for the same. */
function unreadable(username: string): string {
  return `? ${username.trim().toLowerCase()}`;
}

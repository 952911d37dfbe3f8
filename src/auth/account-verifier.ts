import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { parseIdentifier, type Identifier } from '../users/identifiers.js';
import { AccountTurns, type Turn } from './account-turns.js';
import { AccountsRepository, type Account } from './accounts.repository.js';
import { SignInAttempts, type SignInAttempt } from './sign-in-attempts.js';

/** An account whose password was just verified, and the stronger hash to store if its own has become weak. */
export interface VerifiedAccount extends Account {
  readonly attempt: SignInAttempt;
  /** Ends when it is known whether the session was opened: until then the attempt stays counted. */
  readonly turn: Turn;
  readonly upgrade?: { readonly from: string; readonly to: string };
}

/** Nobody's identifier: looked up where there is nothing to look up, so that it costs the same. */
const NO_IDENTIFIER: Identifier = { kind: 'username', value: '' };

/** The first half of a sign-in: who are you? Outside any transaction, because a hash takes longer than anything in one. */
@Injectable()
export class AccountVerifier {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly credentials: CredentialsService,
    private readonly attempts: SignInAttempts,
    private readonly turns: AccountTurns,
    private readonly config: Config,
  ) {}

  /**
   * Verifies a password. An unknown name, a disabled account and a wrong password take the same steps, statements
   * and hash, and end in the same error. The attempt is counted, for good, before the password is tried.
   *
   * Whoever has to wait for a turn of the account leaves the place in the hash queue to others meanwhile, and waits no
   * longer than `HASH_WAIT` in all.
   *
   * @throws AppError 11001, 10008 when too many attempts were made, 10009 when there is no place in the hash queue
   */
  async verify(username: string, password: string): Promise<VerifiedAccount> {
    const deadline = performance.now() + this.config.hashing.wait;
    const patience = () => Math.max(0, deadline - performance.now());
    using held = new DisposableStack();
    let place = held.use(await this.credentials.reservePlace());
    const identifier = parseIdentifier(username, this.config.defaultPhoneRegion);
    const account = await this.accounts.find(identifier ?? NO_IDENTIFIER, clientNetwork());
    const budget = await this.attempts.accountBudget(account, identifier?.value ?? unreadable(username));
    using trying = new DisposableStack();
    const free = this.turns.takeFree(budget.key);
    if (free === undefined) place.release();
    const turn = trying.use(free ?? (await this.turns.take(budget.key, patience())));
    if (free === undefined) place = held.use(await this.credentials.reservePlace(patience()));
    const attempt = await this.attempts.take(account, budget);
    const hash = account?.hash ?? undefined;
    const matches = await this.credentials.verify(place, hash, password);
    if (!matches || account?.user.status !== 'active' || hash === undefined)
      return await this.attempts.fail(attempt);
    const stronger = await this.credentials.strengthened(place, hash, password);
    // The turn goes on to the opening of the session.
    trying.move();
    const verified = { ...account, attempt, turn: turn.endLater() };
    return stronger === undefined ? verified : { ...verified, upgrade: { from: hash, to: stronger } };
  }
}

/** What is no identifier at all is counted, too, alike for spellings that a person would take for the same. */
function unreadable(username: string): string {
  return `? ${username.trim().toLowerCase()}`;
}

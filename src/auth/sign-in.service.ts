import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { AppError } from '../platform/errors/app-error.js';
import { clientNetwork } from '../platform/http/client-address.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessToken } from '../tokens/access-tokens.js';
import { newRefreshToken } from '../tokens/refresh-tokens.js';
import type { Identifier } from '../users/identifiers.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { AuthQueries, type Account } from './auth.queries.js';
import { SignInAttempts, type SignInAttempt } from './sign-in-attempts.js';

export interface SignInResult {
  readonly user: User;
  readonly session: Session;
  readonly refreshToken: string;
  readonly accessToken: AccessToken;
}

/** Nobody's identifier: looked up where there is nothing to look up, so that it takes as long. */
const NO_IDENTIFIER: Identifier = { kind: 'username', value: '' };

/** A sign-in from its first step to its last. */
@Injectable()
export class SignInService {
  constructor(
    private readonly users: UsersService,
    private readonly queries: AuthQueries,
    private readonly attempts: SignInAttempts,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly database: Database,
  ) {}

  /**
   * Opens a session for whoever knows the password. An unknown name, a disabled account and a wrong password take
   * equal steps, statements and hashes, and end in one error.
   *
   * @throws AuthErrors.wrongCredentials, PlatformErrors.tooManyRequests, PlatformErrors.overloaded
   */
  async signIn(username: string, password: string): Promise<SignInResult> {
    return this.verifyAndOpen(username, password).catch(pauseIfTurnedAway);
  }

  private async verifyAndOpen(username: string, password: string): Promise<SignInResult> {
    using firstPlace = await this.credentials.reservePlace();
    const identifier = this.users.identify(username);
    const account = await this.queries.findAccount(identifier ?? NO_IDENTIFIER, clientNetwork());
    const attempt = await this.attempts.plan(account, identifier?.value ?? unreadable(username));

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
    return await this.open(account, attempt, stronger === undefined ? undefined : { hash, stronger });
  }

  /** Unless the account was disabled, deleted or given another password since it was verified. */
  private async open(
    { user, addressNotedAt }: Account,
    attempt: SignInAttempt,
    upgrade: { readonly hash: string; readonly stronger: string } | undefined,
  ): Promise<SignInResult> {
    const refreshToken = newRefreshToken();
    const session = await this.database.transaction(async () => {
      // First, because it is also the lock that everything below relies on.
      if (!(await this.users.recordSignIn(user))) return undefined;
      if (upgrade !== undefined) await this.credentials.upgrade(user.id, upgrade.hash, upgrade.stronger);
      const opened = await this.sessions.open(user.id, refreshToken.digest, addressNotedAt);
      await this.attempts.succeed(attempt, opened.id);
      return opened;
    });
    if (session === undefined) return this.attempts.fail(attempt);
    return { user, session, refreshToken: refreshToken.token, accessToken: this.accessTokens.issue(session) };
  }
}

/** The name under which a text that is no identifier is counted; capitals and blanks around it make no other one. */
function unreadable(username: string): string {
  return `? ${username.trim().toLowerCase()}`;
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

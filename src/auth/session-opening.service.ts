import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessToken } from '../tokens/access-tokens.js';
import { newRefreshToken } from '../tokens/refresh-tokens.js';
import type { Account } from '../users/accounts.service.js';
import { Notices } from '../users/notices.service.js';
import type { User } from '../users/user.entity.js';
import { NewSignIns } from './new-sign-in.service.js';
import { SignInAttempts, type SignInAttempt } from './sign-in-attempts.js';

export interface SignInResult {
  readonly user: User;
  readonly session: Session;
  readonly refreshToken: string;
  readonly accessToken: AccessToken;
}

/** A sign-in whose first proof is verified, and whose attempt is still counted. */
export interface VerifiedSignIn {
  readonly account: Account;
  readonly attempt: SignInAttempt;
  /** By what the person has shown who they are. */
  readonly proof: readonly string[];
}

/** The last act of every sign-in, once nothing more is demanded. */
@Injectable()
export class SessionOpening {
  constructor(
    private readonly sessions: SessionsService,
    private readonly attempts: SignInAttempts,
    private readonly accessTokens: AccessTokens,
    private readonly newSignIns: NewSignIns,
    private readonly notices: Notices,
    private readonly database: Database,
  ) {}

  /**
   * Opens the session in one transaction, and signs its token.
   *
   * @param lock the first writes, which lock the user's row until the end; it answers the user as it is then, or nothing
   *   where it has written nothing because the user has changed since the password was verified
   * @returns undefined in that case
   */
  async open(
    { account, attempt, proof }: VerifiedSignIn,
    lock: () => Promise<User | undefined>,
  ): Promise<SignInResult | undefined> {
    const { token: refreshToken, digest } = newRefreshToken();
    const isNew = await this.newSignIns.isWorthTelling(account);
    const opened = await this.database.transaction(async () => {
      const user = await lock();
      if (user === undefined) return undefined;
      const session = await this.sessions.open(user.id, digest, account.addressNotedAt, proof);
      await this.attempts.succeed(attempt, session.id);
      if (isNew) await this.notices.send(user, 'new_sign_in', 'person');
      return { user, session };
    });
    return opened && { ...opened, refreshToken, accessToken: this.accessTokens.issue(opened.session) };
  }
}

import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessToken } from '../tokens/access-tokens.js';
import { newRefreshToken } from '../tokens/refresh-tokens.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { VerifiedAccount } from './account-verifier.js';
import { SignInAttempts } from './sign-in-attempts.js';

export interface SignedInSession {
  readonly user: User;
  readonly session: Session;
  readonly refreshToken: string;
  readonly accessToken: AccessToken;
}

/** The second half of a sign-in, after `AccountVerifier`: may a session be opened for you? */
@Injectable()
export class SignInService {
  constructor(
    private readonly users: UsersService,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly attempts: SignInAttempts,
    private readonly database: Database,
  ) {}

  /**
   * Opens a session, unless the account was disabled, deleted or given another password since it was verified.
   *
   * @throws AppError 11001
   */
  async open(account: VerifiedAccount): Promise<SignedInSession> {
    try {
      return await this.openSession(account);
    } finally {
      account.permit.release();
    }
  }

  private async openSession(account: VerifiedAccount): Promise<SignedInSession> {
    const { user, addressNotedAt, attempt, upgrade } = account;
    const refreshToken = newRefreshToken();
    const session = await this.database.transaction(async () => {
      // First, because it is also the lock that everything below relies on.
      if (!(await this.users.recordSignIn(user))) return undefined;
      if (upgrade) await this.credentials.upgrade(user.id, upgrade.from, upgrade.to);
      const opened = await this.sessions.open(user.id, refreshToken.digest, addressNotedAt);
      await this.attempts.succeed(attempt, opened.id);
      return opened;
    });
    if (session === undefined) return this.attempts.fail(attempt);
    const accessToken = this.accessTokens.issue({
      userId: user.id,
      sessionId: session.id,
      sessionExpiresAt: session.expiresAt,
    });
    return { user, session, refreshToken: refreshToken.token, accessToken };
  }
}

import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Config } from '../config/config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { Clock } from '../platform/time/clock.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens, type AccessToken } from '../tokens/access-tokens.js';
import { newRefreshToken } from '../tokens/refresh-tokens.js';
import { parseIdentifier, type Identifier } from '../users/identifiers.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { AuthErrors } from './auth.errors.js';
import { SignInAttempts, type SignInAttempt } from './sign-in-attempts.js';

/** An account whose password was just verified, and the stronger hash to store if its own has become weak. */
export interface VerifiedAccount {
  readonly user: User;
  readonly attempt: SignInAttempt;
  readonly upgrade?: { readonly from: string; readonly to: string };
}

export interface SignedInSession {
  readonly user: User;
  readonly session: Session;
  readonly refreshToken: string;
  readonly accessToken: AccessToken;
}

/** Nobody's id and nobody's identifier: looked up where there is nothing to look up, so that it costs the same. */
const NOBODY = '00000000-0000-4000-8000-000000000000';
const NO_IDENTIFIER: Identifier = { kind: 'username', value: '' };

/** Sign-in: who are you, and may a session be opened for you? */
@Injectable()
export class SignInService {
  constructor(
    private readonly users: UsersService,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly attempts: SignInAttempts,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Verifies a password. An unknown name, a disabled account and a wrong password take the same steps, statements
   * and hash, and end in the same error. The attempt is counted, for good, before the password is tried.
   *
   * @throws AppError 11001, 10008 when too many attempts were made, 10009 when there is no place in the hash queue
   */
  async verify(username: string, password: string): Promise<VerifiedAccount> {
    using place = await this.credentials.reservePlace();
    const identifier = parseIdentifier(username, this.config.defaultPhoneRegion);
    const user = await this.users.findByIdentifier(identifier ?? NO_IDENTIFIER);
    const attempt = await this.attempts.take(user?.id, identifier?.value ?? unreadable(username));
    const hash = await this.credentials.findHash(user?.id ?? NOBODY);
    const matches = await this.credentials.verify(place, hash, password);
    if (!matches || user?.status !== 'active' || hash === undefined) return this.fail(attempt);
    const stronger = await this.credentials.strengthened(place, hash, password);
    return stronger === undefined
      ? { user, attempt }
      : { user, attempt, upgrade: { from: hash, to: stronger } };
  }

  /**
   * Opens a session, unless the account was disabled, deleted or given another password since it was verified.
   *
   * @throws AppError 11001
   */
  async open({ user, attempt, upgrade }: VerifiedAccount): Promise<SignedInSession> {
    const refreshToken = newRefreshToken();
    const session = await this.database.transaction(async () => {
      // First, because it is also the lock that everything below relies on.
      if (!(await this.users.recordSignIn(user, this.clock.now()))) return undefined;
      if (upgrade) await this.credentials.upgrade(user.id, upgrade.from, upgrade.to);
      const opened = await this.sessions.open(user.id, refreshToken.digest);
      await this.attempts.forgive(attempt);
      await this.audit.record({
        action: 'signin.succeeded',
        actorId: user.id,
        sessionId: opened.id,
        targetType: 'user',
        targetId: user.id,
      });
      return opened;
    });
    if (session === undefined) return this.fail(attempt);
    const accessToken = this.accessTokens.issue({
      userId: user.id,
      sessionId: session.id,
      sessionExpiresAt: session.expiresAt,
    });
    return { user, session, refreshToken: refreshToken.token, accessToken };
  }

  /** Evidence first, then the one answer. */
  private async fail(attempt: SignInAttempt): Promise<never> {
    await this.attempts.recordFailure(attempt);
    throw AuthErrors.wrongCredentials();
  }
}

/** What is no identifier at all is counted, too, alike for spellings that a person would take for the same. */
function unreadable(username: string): string {
  return `? ${username.trim().toLowerCase()}`;
}

import { Injectable } from '@nestjs/common';
import { parseCode } from '../codes/code-derivation.js';
import { CodeAttempts } from '../codes/code-attempts.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { CodesService, type CheckedCode, type CodeOwner } from '../codes/codes.service.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { AccountsService, type NamedAccount } from '../users/accounts.service.js';
import { Notices } from '../users/notices.service.js';
import { PasswordChanges } from '../users/password-changes.service.js';
import type { User } from '../users/user.entity.js';
import { UsersErrors } from '../users/users.errors.js';
import type { ResetPasswordRequest } from './password-reset.dto.js';

/** The mails whose codes and links set a password. */
const PURPOSES = ['password', 'invitation'] as const;

/**
 * A forgotten password, and the first one of who was invited. Asking and trying cost equal steps and statements for a
 * name that somebody has and for one that nobody has.
 */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly accounts: AccountsService,
    private readonly codes: CodesService,
    private readonly attempts: CodeAttempts,
    private readonly credentials: CredentialsService,
    private readonly changes: PasswordChanges,
    private readonly notices: Notices,
    private readonly database: Database,
  ) {}

  /**
   * Mails a code to whoever is meant, if there is somebody active with an address.
   *
   * @throws CodesErrors.mailNotSetUp, PlatformErrors.tooManyRequests
   */
  async request(username: string): Promise<void> {
    this.codes.requireMail();
    const named = await this.accounts.named(username);
    const owner = ownerOf(named);
    await this.attempts.admit('password', owner);
    const user = named.account?.user;
    const recipient = reachable(user);
    const language = this.notices.languageFor(user, 'person');
    const subject = await this.attempts.subjectOf(owner);
    await this.codes.send({
      purpose: 'password',
      subject,
      userId: user?.id ?? null,
      recipient,
      userVersion: user?.credentialVersion ?? null,
      message: {
        template: 'password_code',
        recipient,
        language,
        params: { username: user?.username ?? '' },
      },
    });
  }

  /**
   * Sets the password of whoever has the code, and ends all sessions. A password that is refused costs neither the code
   * nor an attempt.
   *
   * @throws PlatformErrors.invalidRequest when six digits come without a name; PlatformErrors.tooManyRequests,
   *   CodesErrors.notValid, UsersErrors.passwordRefused, PlatformErrors.overloaded
   */
  async reset({ code, username, new_password }: ResetPasswordRequest): Promise<void> {
    const { user, checked } = await this.check(code, username);
    const hash = await this.hash(user, checked, new_password);
    const proved = checked.row.recipient ?? '';
    const change = { hash, by: { user, session: null }, action: 'password.reset', proved } as const;
    await this.database.transaction(async () => {
      const changed = await this.changes.apply(user, change, () => this.codes.spend(checked));
      if (changed === undefined) throw CodesErrors.notValid();
      await this.codes.forgetGuesses(checked);
    });
  }

  private async check(
    code: string,
    username: string | undefined,
  ): Promise<{ readonly user: User; readonly checked: CheckedCode }> {
    const given = parseCode(code);
    if (given !== undefined && 'token' in given) {
      const user = (await this.accounts.byId(given.userId))?.user;
      return found(user, await this.codes.checkToken(PURPOSES, given, holder(user)));
    }
    if (username === undefined)
      throw PlatformErrors.invalidRequest({ violations: [{ field: 'username', rule: 'required' }] });
    const named = await this.accounts.named(username);
    const owner = ownerOf(named);
    const user = named.account?.user;
    const subject = await this.attempts.subjectOf(owner);
    return found(user, await this.codes.checkDigits('password', subject, owner, code, holder(user)));
  }

  private async hash(user: User, checked: CheckedCode, password: string): Promise<string> {
    try {
      this.credentials.checkPolicy(password, user, 'new_password', UsersErrors.passwordRefused);
      return await this.credentials.hash(password);
    } catch (error) {
      await this.codes.giveBack(checked);
      throw error;
    }
  }
}

function ownerOf({ account, name, isKnown }: NamedAccount): CodeOwner {
  return { userId: account?.user.id, name, isKnown };
}

/** Where a user can be written to about a password; null for nobody, a disabled user, or one without an address. */
function reachable(user: User | undefined): string | null {
  return user?.status === 'active' ? user.email : null;
}

function holder(user: User | undefined) {
  return { userVersion: user?.credentialVersion ?? null, recipient: reachable(user) };
}

function found(user: User | undefined, checked: CheckedCode) {
  // A code is right only for a user who can be reached.
  if (user === undefined) throw CodesErrors.notValid();
  return { user, checked };
}

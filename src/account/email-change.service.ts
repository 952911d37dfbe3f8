import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { CodeAttempts } from '../codes/code-attempts.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { CodesService, type CheckedCode } from '../codes/codes.service.js';
import { Database } from '../database/database.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { DAY } from '../platform/time/clock.js';
import { endsOf, SessionsService } from '../sessions/sessions.service.js';
import { AccountsService } from '../users/accounts.service.js';
import { parseEmail } from '../users/identifiers.js';
import { Notices } from '../users/notices.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService, type UserWithRoles } from '../users/users.service.js';

/** Codes that a user sends to new addresses within a day. */
const SENDS = 10;

/** Another e-mail address for an account, or a proof of the present one: by a code that is mailed there. */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly accounts: AccountsService,
    private readonly users: UsersService,
    private readonly codes: CodesService,
    private readonly attempts: CodeAttempts,
    private readonly sessions: SessionsService,
    private readonly notices: Notices,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /**
   * Mails a code to an address. One that somebody else has is told so instead, and the answer is alike. A user has one
   * such code: a request for another address ends the one before.
   *
   * @throws CodesErrors.mailNotSetUp, PlatformErrors.tooManyRequests
   */
  async request(auth: AuthContext<User>, typed: string): Promise<void> {
    this.codes.requireMail();
    const { user } = auth;
    const email = parseEmail(typed) ?? '';
    const { account, isKnown } = await this.accounts.named(email);
    const others = account?.user.id === user.id ? undefined : account?.user;
    const sends = { key: `codes-by:${user.id}`, limit: SENDS, window: DAY };
    await this.attempts.admit('email', { userId: account?.user.id, name: email, isKnown }, sends);
    const template = others === undefined ? 'email_code' : 'email_taken';
    const language = this.notices.languageFor(others ?? user, others === undefined ? 'person' : 'other');
    await this.codes.send(
      {
        purpose: 'email',
        subject: user.id,
        userId: user.id,
        recipient: others === undefined ? email : null,
        userVersion: user.credentialVersion,
        message: { template, recipient: email, language, params: {} },
      },
      { ...doneBy(auth), action: 'code.requested', ...targetOf(user), detail: { purpose: 'email' } },
    );
  }

  /**
   * Makes the address that the code proves the user's own, proved. Where it is another one, other sessions end, and both
   * addresses are told.
   *
   * @throws PlatformErrors.tooManyRequests, CodesErrors.notValid, UsersErrors.emailTaken when somebody has taken the
   *   address meanwhile
   */
  async confirm(auth: AuthContext<User>, code: string): Promise<UserWithRoles> {
    const { user } = auth;
    const owner = { userId: user.id, name: user.username };
    const holder = { userVersion: user.credentialVersion };
    const checked = await this.codes.checkDigits('email', user.id, owner, code, holder);
    const email = checked.row.recipient ?? '';
    try {
      await this.database.transaction(() => this.change(auth, checked, email));
    } catch (error) {
      await this.codes.giveBack(checked);
      throw await this.users.emailTakenBy(error, user, email);
    }
    return this.users.getOwn(user.id);
  }

  private async change(auth: AuthContext<User>, checked: CheckedCode, email: string): Promise<void> {
    const { user, session } = auth;
    if (!(await this.users.replaceEmail(user, email))) throw CodesErrors.notValid();
    await this.codes.spend(checked);
    const isNew = email !== user.email;
    const ended = isNew ? await this.sessions.endAll(user.id, 'email_changed', auth, session.id) : [];
    await this.codes.forgetGuesses(checked);
    const action = isNew ? 'user.email_changed' : 'user.email_verified';
    await this.audit.record({
      ...doneBy(auth),
      action,
      ...targetOf(user),
      ...(isNew && { detail: endsOf(ended) }),
    });
    if (!isNew) return;
    await this.notices.send(user, 'email_changed', 'person');
    await this.notices.send(user, 'email_changed', 'person', { to: email });
  }
}

function targetOf({ id }: User) {
  return { targetType: 'user', targetId: id } as const;
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessService } from '../access/access.service.js';
import { CodeAttempts } from '../codes/code-attempts.js';
import { CodesService, type CheckedCode, type CodeOwner } from '../codes/codes.service.js';
import { accountConfig } from '../config/account.config.js';
import { serviceConfig } from '../config/service.config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { AccountsService } from '../users/accounts.service.js';
import { parseEmail } from '../users/identifiers.js';
import { Notices } from '../users/notices.service.js';
import { readProfile } from '../users/profile.js';
import { UsersErrors } from '../users/users.errors.js';
import { UsersService, type UserWithRoles } from '../users/users.service.js';
import { AccountErrors } from './account.errors.js';
import type { SignUpRequest } from './sign-up.dto.js';

/** People who make an account for themselves. Nothing of it exists before they have proved the mailbox. */
@Injectable()
export class SignUpService {
  private readonly logger = new Logger(SignUpService.name);

  constructor(
    private readonly accounts: AccountsService,
    private readonly users: UsersService,
    private readonly access: AccessService,
    private readonly codes: CodesService,
    private readonly attempts: CodeAttempts,
    private readonly credentials: CredentialsService,
    private readonly notices: Notices,
    @Inject(accountConfig.KEY) private readonly config: ConfigType<typeof accountConfig>,
    @Inject(serviceConfig.KEY) private readonly service: ConfigType<typeof serviceConfig>,
  ) {}

  /**
   * Mails a code to an address. One that has an account is told that instead, and the answer is alike.
   *
   * @throws AccountErrors.signUpClosed, CodesErrors.mailNotSetUp, AccountErrors.domainNotAllowed,
   *   PlatformErrors.tooManyRequests
   */
  async request(typed: string): Promise<void> {
    this.requireOpen();
    this.codes.requireMail();
    const email = this.allowed(typed);
    const { owner, subject, user } = await this.find(email);
    await this.attempts.admit('signup', owner);
    const template = user === undefined ? 'signup_code' : 'account_exists';
    const language = this.notices.languageFor(user, 'person');
    await this.codes.send({
      purpose: 'signup',
      subject,
      userId: null,
      recipient: user === undefined ? email : null,
      userVersion: null,
      message: { template, recipient: email, language, params: {} },
    });
  }

  /**
   * Makes the account. Whatever is refused but the code costs neither the code nor an attempt.
   *
   * @throws AccountErrors.signUpClosed, AccountErrors.domainNotAllowed, PlatformErrors.tooManyRequests,
   *   CodesErrors.notValid, PlatformErrors.invalidRequest, UsersErrors.passwordRefused, PlatformErrors.overloaded,
   *   UsersErrors.usernameTaken, UsersErrors.emailTaken when somebody has made an account with the address meanwhile
   */
  async signUp(request: SignUpRequest): Promise<UserWithRoles> {
    this.requireOpen();
    const email = this.allowed(request.email);
    const { owner, subject } = await this.find(email);
    const holder = { userVersion: null, recipient: email };
    const checked = await this.codes.checkDigits('signup', subject, owner, request.code, holder);
    try {
      return await this.create(checked, email, request);
    } catch (error) {
      await this.codes.giveBack(checked);
      throw error;
    }
  }

  /** The key of a role that people would get and that there is not. */
  async missingRole(): Promise<string | undefined> {
    const { signup, signupRole } = this.config;
    if (signup === 'closed' || signupRole === undefined) return undefined;
    return (await this.access.isRole(signupRole)) ? undefined : signupRole;
  }

  private async create(
    checked: CheckedCode,
    email: string,
    { username, full_name, password }: SignUpRequest,
  ): Promise<UserWithRoles> {
    const profile = readProfile({ username, fullName: full_name, email }, this.service.defaultPhoneRegion);
    this.credentials.checkPolicy(password, profile, 'password', UsersErrors.passwordRefused);
    const hash = await this.credentials.hash(password);
    const missing = await this.missingRole();
    if (missing !== undefined)
      this.logger.error({ role: missing }, 'SIGNUP_ROLE: there is no such role any more');
    const role = missing === undefined ? this.config.signupRole : undefined;
    return this.users.signUp(
      { profile, hash, role },
      {
        spend: () => this.codes.spend(checked),
        settle: () => this.codes.forgetGuesses(checked),
      },
    );
  }

  /** The code of an address is that of the address, whoever has it; requests are counted for who has it. */
  private async find(email: string) {
    const { account, isKnown } = await this.accounts.named(email);
    const owner: CodeOwner = { userId: account?.user.id, name: email, isKnown };
    return { owner, subject: await this.attempts.subjectOf({ name: email }), user: account?.user };
  }

  private requireOpen(): void {
    if (this.config.signup === 'closed') throw AccountErrors.signUpClosed();
  }

  /** The canonical address. */
  private allowed(typed: string): string {
    const email = parseEmail(typed) ?? '';
    const domain = email.slice(email.indexOf('@') + 1);
    if (this.config.signupDomains?.includes(domain) === false) throw AccountErrors.domainNotAllowed();
    return email;
  }
}

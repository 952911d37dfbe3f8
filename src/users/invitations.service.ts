import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessService } from '../access/access.service.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { doneBy } from '../audit/audit.service.js';
import { CodesService } from '../codes/codes.service.js';
import { accountConfig } from '../config/account.config.js';
import type { Actor } from '../platform/security/auth-context.js';
import { DAY, type Duration } from '../platform/time/clock.js';
import { AttemptBudgets, tooManyAttempts } from '../throttling/attempt-budgets.js';
import { Notices } from './notices.service.js';
import type { User } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

/** Whoever has a password can also ask for a code, so a link need not live longer (NIST SP 800-63B-4, section 4.2.1.2). */
const TTL_WITH_PASSWORD: Duration = DAY;

/** Invitations to one user within a day. */
const INVITATIONS = 10;

/** Links by which people set their first password, or a new one. */
@Injectable()
export class InvitationsService {
  constructor(
    private readonly repository: UsersRepository,
    private readonly access: AccessService,
    private readonly codes: CodesService,
    private readonly budgets: AttemptBudgets,
    private readonly notices: Notices,
    @Inject(accountConfig.KEY) private readonly config: ConfigType<typeof accountConfig>,
  ) {}

  /** @throws CodesErrors.mailNotSetUp */
  requireMail(): void {
    this.codes.requireMail();
  }

  /** In the current transaction: a link for a user who has an address; a young one that was sent before stays. */
  async issue(actor: Actor, user: User): Promise<void> {
    const { id, username, email, credentialVersion } = user;
    const { invitationTtl } = this.config;
    const ttl = credentialVersion === 0 ? invitationTtl : Math.min(TTL_WITH_PASSWORD, invitationTtl);
    const language = this.notices.languageFor(user, 'other');
    const message = { template: 'invitation', recipient: email, language, params: { username } } as const;
    await this.codes.issue(
      {
        purpose: 'invitation',
        subject: id,
        userId: id,
        recipient: email,
        userVersion: credentialVersion,
        ttl,
        message,
      },
      { ...doneBy(actor), action: 'user.invited', targetType: 'user', targetId: id },
    );
  }

  /**
   * Sends a user a link, for the first time or again.
   *
   * @throws UsersErrors.notFound, AccessErrors.exceedsOwn, KeysErrors.notForServiceAccount, CodesErrors.mailNotSetUp,
   *   UsersErrors.noEmail, PlatformErrors.tooManyRequests
   */
  async send(actor: Actor, id: string): Promise<void> {
    await this.check(actor, id);
    const refusal = await this.budgets.take({ key: `invite:${id}`, limit: INVITATIONS, window: DAY });
    if (refusal !== undefined) throw tooManyAttempts(refusal);
    await this.access.undisturbed(async () => {
      // Before the code, so that it is made for the address and the password that the user has then.
      await this.repository.lock(id);
      await this.issue(actor, await this.check(actor, id));
    });
  }

  private async check(actor: Actor, id: string): Promise<User> {
    const { user } = await this.repository.get(id);
    await this.access.requireNotBelow(actor, id);
    if (user.kind === 'service') throw KeysErrors.notForServiceAccount();
    this.codes.requireMail();
    if (user.email === null) throw UsersErrors.noEmail();
    return user;
  }
}

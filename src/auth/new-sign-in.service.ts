import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { accountConfig } from '../config/account.config.js';
import { OutboxService } from '../outbox/outbox.service.js';
import { currentRequest } from '../platform/context/request-context.js';
import { DAY } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets } from '../throttling/attempt-budgets.js';
import type { Account } from '../users/accounts.service.js';

/** Mails about new sign-ins to one user within a day. */
const MOST_NOTICES = 5;

/** Whether people are told of a sign-in: only where the network and the program are both new, or it would be noise. */
@Injectable()
export class NewSignIns {
  constructor(
    private readonly sessions: SessionsService,
    private readonly budgets: AttemptBudgets,
    private readonly outbox: OutboxService,
    @Inject(accountConfig.KEY) private readonly config: ConfigType<typeof accountConfig>,
  ) {}

  /** Asked before the transaction of the sign-in; a usual sign-in costs no statement here. */
  async isWorthTelling({ user, addressNotedAt }: Account): Promise<boolean> {
    if (!this.config.newDeviceMail || !this.outbox.isSetUp || user.email === null) return false;
    if (user.lastSignInAt === null || this.sessions.isKnownAddress(addressNotedAt)) return false;
    if (await this.sessions.isUsedBy(user.id, currentRequest().userAgent)) return false;
    return (
      (await this.budgets.take({ key: `notice:${user.id}`, limit: MOST_NOTICES, window: DAY })) === undefined
    );
  }
}

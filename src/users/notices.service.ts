import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { serviceConfig } from '../config/service.config.js';
import { OutboxService, type NoticeKind } from '../outbox/outbox.service.js';
import type { MessageParams } from '../outbox/message.js';
import { currentRequest } from '../platform/context/request-context.js';
import type { Language } from '../platform/i18n/translator.js';
import { DAY, type Duration } from '../platform/time/clock.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { deviceOf } from './device.js';
import type { User } from './user.entity.js';

/** News that are older help nobody. */
const NOTICE_TTL: Duration = 3 * DAY;

/** Who causes what a notice tells: the person, or somebody else, whose language and device say nothing. */
type Cause = 'person' | 'other';

/** Mails that tell people what has happened to their account. */
@Injectable()
export class Notices {
  constructor(
    private readonly outbox: OutboxService,
    private readonly clock: SharedClock,
    @Inject(serviceConfig.KEY) private readonly config: ConfigType<typeof serviceConfig>,
  ) {}

  /**
   * In the current transaction; nothing where there is no address or no way to send.
   *
   * @param more what else the notice tells: another address to send it to, how many recovery codes are left
   */
  async send(
    user: Pick<User, 'username' | 'email' | 'language'>,
    kind: NoticeKind,
    cause: Cause,
    { to = user.email, left }: { readonly to?: string | null; readonly left?: number } = {},
  ): Promise<void> {
    if (to === null || !this.outbox.isSetUp) return;
    const { clientAddress: address, userAgent } = currentRequest();
    const at = await this.clock.now();
    const who: MessageParams = cause === 'person' ? { address, device: deviceOf(userAgent) } : {};
    const params: MessageParams = {
      kind,
      username: user.username,
      at,
      ...who,
      ...(left !== undefined && { left }),
    };
    const language = this.languageFor(user, cause);
    await this.outbox.enqueue({
      template: 'notice',
      recipient: to,
      language,
      params,
      expiresAt: at + NOTICE_TTL,
    });
  }

  /** The language that a person chose; else that of the request, if it is theirs. */
  languageFor(user: Pick<User, 'language'> | undefined, cause: Cause): Language {
    return user?.language ?? (cause === 'person' ? currentRequest().language : this.config.defaultLanguage);
  }
}

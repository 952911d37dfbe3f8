import { Inject, Injectable } from '@nestjs/common';
import { mailConfig, type MailConfig } from '../config/mail.config.js';
import { Sealing } from '../keyring/sealing.js';
import type { Language } from '../platform/i18n/translator.js';
import { renderMail } from './mail-layout.js';
import { MAIL_TEMPLATES, UnknownTemplate } from './mail-templates.js';
import type { Mail } from './mail-transport.js';
import type { MessageParams, MessageSecret, Template } from './message.js';
import type { OutboxMessage } from './outbox-message.entity.js';

/** Makes a mail of a message. */
@Injectable()
export class MailComposer {
  constructor(
    private readonly sealing: Sealing,
    @Inject(mailConfig.KEY) private readonly config: MailConfig,
  ) {}

  /**
   * @throws SealBroken, UnknownKey
   * @throws UnknownTemplate for a message of a newer build
   */
  async compose({
    id,
    template,
    recipient,
    language,
    params,
    sealed,
    createdAt,
  }: OutboxMessage): Promise<Mail> {
    if (!isTemplate(template)) throw new UnknownTemplate();
    const spoken: Language = language === 'zh-CN' ? 'zh-CN' : 'en';
    const content = MAIL_TEMPLATES[template]({
      language: spoken,
      params: JSON.parse(params) as MessageParams,
      secret:
        sealed === null ? {} : (JSON.parse(await this.sealing.open('outbox', id, sealed)) as MessageSecret),
      settings: this.config,
    });
    return { id, template, recipient, createdAt, ...renderMail(content, spoken, this.config.productName) };
  }
}

function isTemplate(template: string): template is Template {
  return Object.hasOwn(MAIL_TEMPLATES, template);
}

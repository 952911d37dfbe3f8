import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { mailConfig } from '../config/mail.config.js';
import { Database } from '../database/database.js';
import { Sealing } from '../keyring/sealing.js';
import { newId, randomToken } from '../platform/crypto/random.js';
import { SharedClock } from '../throttling/shared-clock.js';
import type { Message, MessageSecret } from './message.js';
import { OutboxMessage } from './outbox-message.entity.js';

export type { CodeTemplate, Message, NoticeKind } from './message.js';

/** Writes messages together with the change that they tell of; the sender takes them from there. */
@Injectable()
export class OutboxService {
  /** Whether there is a way to send mail here: SMTP_HOST, or the folder of a trial. */
  readonly isSetUp: boolean;
  private readonly listeners: Array<() => void> = [];

  constructor(
    @InjectRepository(OutboxMessage) private readonly messages: Repository<OutboxMessage>,
    private readonly database: Database,
    private readonly clock: SharedClock,
    private readonly sealing: Sealing,
    @Inject(mailConfig.KEY) config: ConfigType<typeof mailConfig>,
  ) {
    this.isSetUp = config.mailIsSetUp;
  }

  /** In the caller's transaction, by one INSERT. Where there is no way to send mail nothing is written. */
  async enqueue({ template, recipient, language, params, secret, expiresAt }: Message): Promise<void> {
    if (!this.isSetUp) return;
    const id = newId();
    const hidden = recipient === null ? nobodysSecret(secret) : secret;
    const now = await this.clock.now();
    await this.messages.insert({
      id,
      channel: 'mail',
      template: recipient === null ? 'none' : template,
      recipient: recipient ?? '',
      language,
      params: JSON.stringify(recipient === null ? {} : params),
      sealed: hidden === undefined ? null : await this.sealing.seal('outbox', id, JSON.stringify(hidden)),
      state: 'waiting',
      createdAt: now,
      dueAt: now,
      expiresAt,
      tries: 0,
      leasedUntil: 0,
      error: null,
      doneAt: null,
    });
    this.database.afterCommit(() => this.listeners.forEach((listener) => listener()));
  }

  /** Calls back after each commit that left a message. */
  onEnqueued(listener: () => void): void {
    this.listeners.push(listener);
  }
}

/** Random text as long as the secret, whose sealing takes the same time; six digits where none was given. */
function nobodysSecret({ code, token }: MessageSecret = { code: '000000' }): MessageSecret {
  const random = (text: string) => randomToken(text.length).slice(0, text.length);
  return { ...(code && { code: random(code) }), ...(token && { token: random(token) }) };
}

import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { mailConfig } from '../config/mail.config.js';
import { Database } from '../database/database.js';
import { newId } from '../platform/crypto/random.js';
import { SharedClock } from '../throttling/shared-clock.js';
import type { Message } from './message.js';
import { OutboxMessage } from './outbox-message.entity.js';

export type { CodeTemplate, Message, NoticeKind } from './message.js';

/** Writes messages together with the change that they tell of; a sender takes them from there. */
@Injectable()
export class OutboxService {
  /** Whether there is a way to send mail here: SMTP_HOST, or the folder of a trial. */
  readonly isSetUp: boolean;
  private readonly listeners: Array<() => void> = [];

  constructor(
    @InjectRepository(OutboxMessage) private readonly messages: Repository<OutboxMessage>,
    private readonly database: Database,
    private readonly clock: SharedClock,
    @Inject(mailConfig.KEY) config: ConfigType<typeof mailConfig>,
  ) {
    this.isSetUp = config.mailIsSetUp;
  }

  /** In the caller's transaction. Where there is no way to send mail nothing is written. */
  async enqueue(message: Message): Promise<void> {
    if (!this.isSetUp) return;
    const { template, recipient, language, params, expiresAt } = message;
    const now = await this.clock.now();
    await this.messages.insert({
      id: newId(),
      channel: 'mail',
      template: recipient === null ? 'none' : template,
      recipient: recipient ?? '',
      language,
      params: JSON.stringify(recipient === null ? {} : params),
      sealed: null,
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

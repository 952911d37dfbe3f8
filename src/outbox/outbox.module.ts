import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { mailConfig, type MailConfig } from '../config/mail.config.js';
import { KeyringModule } from '../keyring/keyring.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { MailComposer } from './mail-composer.js';
import { MailFolder } from './mail-folder.js';
import { MailTransport } from './mail-transport.js';
import { OutboxMessage } from './outbox-message.entity.js';
import { OutboxMonitor } from './outbox.monitor.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxSender } from './outbox.sender.js';
import { OutboxService } from './outbox.service.js';
import { SmtpTransport } from './smtp-transport.js';

/** Writes messages; what the server and the operator's commands need. */
@Module({
  imports: [TypeOrmModule.forFeature([OutboxMessage]), KeyringModule, ThrottlingModule],
  providers: [OutboxService, OutboxRepository],
  exports: [OutboxService, OutboxRepository, TypeOrmModule, KeyringModule, ThrottlingModule],
})
export class OutboxModule {}

/** Sends them; the server's alone, because a command ends before its mail is sent. */
@Module({
  imports: [OutboxModule],
  providers: [
    OutboxSender,
    OutboxMonitor,
    MailComposer,
    { provide: MailTransport, useFactory: transportOf, inject: [mailConfig.KEY] },
  ],
})
export class SenderModule {}

function transportOf(config: MailConfig): MailTransport {
  return config.smtp === undefined ? new MailFolder(config) : new SmtpTransport(config, config.smtp);
}

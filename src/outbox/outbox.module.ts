import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeyringModule } from '../keyring/keyring.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { OutboxMessage } from './outbox-message.entity.js';
import { OutboxService } from './outbox.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([OutboxMessage]), KeyringModule, ThrottlingModule],
  providers: [OutboxService],
  exports: [OutboxService],
})
export class OutboxModule {}

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { KeyringModule } from '../keyring/keyring.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { Challenges } from './challenges.service.js';
import { CodeAttempts } from './code-attempts.js';
import { CodesRepository } from './codes.repository.js';
import { CodesService } from './codes.service.js';
import { OneTimeCode } from './one-time-code.entity.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([OneTimeCode]),
    AuditModule,
    KeyringModule,
    OutboxModule,
    ThrottlingModule,
  ],
  providers: [Challenges, CodeAttempts, CodesRepository, CodesService],
  exports: [Challenges, CodeAttempts, CodesService],
})
export class CodesModule {}

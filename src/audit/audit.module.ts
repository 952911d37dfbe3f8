import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditController } from './audit.controller.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { AuditSweep } from './audit.sweep.js';
import { AuditSequencer } from './audit.sequencer.js';
import { AuditCount } from './audit-count.entity.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditHead } from './audit-head.entity.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditEvent, AuditHead, AuditCount])],
  controllers: [AuditController],
  providers: [AuditRepository, AuditService, AuditSequencer, AuditSweep],
  exports: [AuditService],
})
export class AuditModule {}

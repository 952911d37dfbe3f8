import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { auditConfig } from '../config/audit.config.js';
import { removeOutdated } from '../database/batches.js';
import { Clock, MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AuditEvent } from './audit-event.entity.js';

/** Removes audit events that are older than they are to be kept: the only way in which one ever goes. */
@Injectable()
export class AuditSweep {
  constructor(
    @InjectRepository(AuditEvent) private readonly events: Repository<AuditEvent>,
    @Inject(auditConfig.KEY) private readonly audit: ConfigType<typeof auditConfig>,
    private readonly clock: Clock,
    periodic: Periodic,
  ) {
    periodic.every(MINUTE, 'audit', (stop) => this.sweep(stop));
  }

  /** Answers how many events it removed. */
  async sweep(stop?: AbortSignal): Promise<number> {
    const until = this.clock.now() - this.audit.retention;
    return removeOutdated(this.events, { key: 'id', age: 'at', until, stop });
  }
}

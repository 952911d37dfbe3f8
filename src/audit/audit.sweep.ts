import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThanOrEqual, type Repository } from 'typeorm';
import { auditConfig } from '../config/audit.config.js';
import { removeOutdated } from '../database/batches.js';
import { Clock, HOUR, MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AuditCount } from './audit-count.entity.js';
import { AuditEvent } from './audit-event.entity.js';

/** Removes audit events that are older than they are to be kept: the only way in which one ever goes. */
@Injectable()
export class AuditSweep {
  constructor(
    @InjectRepository(AuditEvent) private readonly events: Repository<AuditEvent>,
    @InjectRepository(AuditCount) private readonly counts: Repository<AuditCount>,
    @Inject(auditConfig.KEY) private readonly audit: ConfigType<typeof auditConfig>,
    private readonly clock: Clock,
    periodic: Periodic,
  ) {
    periodic.every(MINUTE, 'audit', (stop) => this.sweep(stop));
  }

  /** Answers how many events it removed. */
  async sweep(stop?: AbortSignal): Promise<number> {
    const until = this.clock.now() - this.audit.retention;
    // The last hour that has gone whole.
    await this.counts.delete({ hour: LessThanOrEqual(until - HOUR) });
    return removeOutdated(this.events, { key: 'id', age: 'at', until, stop });
  }
}

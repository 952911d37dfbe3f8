import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { auditConfig } from '../config/audit.config.js';
import { Clock, MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AuditRepository } from './audit.repository.js';

/** Removes audit events that are older than they are to be kept: the only way in which one ever goes. */
@Injectable()
export class AuditSweep {
  constructor(
    private readonly repository: AuditRepository,
    @Inject(auditConfig.KEY) private readonly audit: ConfigType<typeof auditConfig>,
    private readonly clock: Clock,
    periodic: Periodic,
  ) {
    periodic.every(MINUTE, 'audit', (stop) => this.sweep(stop));
  }

  /** Answers how many events it removed. */
  async sweep(stop?: AbortSignal): Promise<number> {
    return this.repository.removeUntil(this.clock.now() - this.audit.retention, stop);
  }
}

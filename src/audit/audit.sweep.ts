import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock, MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AuditRepository } from './audit.repository.js';

/** Removes audit events that are older than they are to be kept: the only way in which one ever goes. */
@Injectable()
export class AuditSweep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly periodic = new Periodic('audit', MINUTE, () => this.sweep());

  constructor(
    private readonly repository: AuditRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.periodic.stop();
  }

  /** One round; answers how many events it removed. */
  async sweep(): Promise<number> {
    return this.repository.removeUntil(this.clock.now() - this.config.audit.retention);
  }
}

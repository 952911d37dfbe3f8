import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock, MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { KnownAddressesRepository } from './known-addresses.repository.js';
import { SessionsRepository } from './sessions.repository.js';
import { ADDRESS_KNOWN_FOR } from './sessions.service.js';

/** Removes what nobody asks for any more: sessions that ended long ago, addresses that nobody signs in from. */
@Injectable()
export class SessionsSweep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly periodic = new Periodic('sessions', MINUTE, () => this.sweep());

  constructor(
    private readonly sessions: SessionsRepository,
    private readonly addresses: KnownAddressesRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.periodic.stop();
  }

  /** One round; answers how many sessions it removed. */
  async sweep(): Promise<number> {
    const now = this.clock.now();
    const removed = await this.sessions.removeEndedUntil(now - this.config.sessions.retention);
    await this.addresses.removeUnusedSince(now - ADDRESS_KNOWN_FOR);
    return removed;
  }
}

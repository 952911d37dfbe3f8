import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { sessionsConfig } from '../config/sessions.config.js';
import { Clock, MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { KnownAddressesRepository } from './known-addresses.repository.js';
import { SessionsRepository } from './sessions.repository.js';
import { ADDRESS_KNOWN_FOR } from './sessions.service.js';

/** Removes what nobody asks for any more: sessions that ended long ago, addresses that nobody signs in from. */
@Injectable()
export class SessionsSweep {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly addresses: KnownAddressesRepository,
    @Inject(sessionsConfig.KEY) private readonly config: ConfigType<typeof sessionsConfig>,
    private readonly clock: Clock,
    periodic: Periodic,
  ) {
    periodic.every(MINUTE, 'sessions', (stop) => this.sweep(stop));
  }

  /** Answers how many sessions it removed. */
  async sweep(stop?: AbortSignal): Promise<number> {
    const now = this.clock.now();
    const removed = await this.sessions.removeEndedUntil({ until: now - this.config.retention, stop });
    await this.addresses.removeUnusedSince(now - ADDRESS_KNOWN_FOR, stop);
    return removed;
  }
}

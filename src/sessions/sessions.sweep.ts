import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { sessionsConfig } from '../config/sessions.config.js';
import { Clock, MINUTE } from '../platform/time/clock.js';
import { Upkeep } from '../platform/time/upkeep.js';
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
    upkeep: Upkeep,
  ) {
    upkeep.every(MINUTE, 'sessions', () => this.sweep());
  }

  /** One round; answers how many sessions it removed. */
  async sweep(): Promise<number> {
    const now = this.clock.now();
    const removed = await this.sessions.removeEndedUntil(now - this.config.retention);
    await this.addresses.removeUnusedSince(now - ADDRESS_KNOWN_FOR);
    return removed;
  }
}

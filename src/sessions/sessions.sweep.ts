import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { sessionsConfig } from '../config/sessions.config.js';
import { removeOutdated, type Outdated } from '../database/batches.js';
import { Clock, MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { ADDRESS_KNOWN_FOR, KnownAddress } from './known-address.entity.js';
import { Session } from './session.entity.js';

/** Removes sessions that ended long ago and addresses that count as nobody's own any more. */
@Injectable()
export class SessionsSweep {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    @InjectRepository(KnownAddress) private readonly addresses: Repository<KnownAddress>,
    @Inject(sessionsConfig.KEY) private readonly config: ConfigType<typeof sessionsConfig>,
    private readonly clock: Clock,
    periodic: Periodic,
  ) {
    periodic.every(MINUTE, 'sessions', (stop) => this.sweep(stop));
  }

  /** Answers how many sessions it removed. */
  async sweep(stop?: AbortSignal): Promise<number> {
    const now = this.clock.now();
    const removed = await removeEnded(this.sessions, { until: now - this.config.retention, stop });
    const until = now - ADDRESS_KNOWN_FOR;
    await removeOutdated(this.addresses, { key: 'userId', age: 'signedInAt', until, stop });
    return removed;
  }
}

/** Removes sessions that ended or ran out by `until`; answers how many. */
export async function removeEnded(
  sessions: Repository<Session>,
  outdated: Omit<Outdated, 'key' | 'age'>,
): Promise<number> {
  const ended = await removeOutdated(sessions, { ...outdated, key: 'id', age: 'endedAt' });
  // The idle end is never after the absolute one, so it alone tells which sessions have run out.
  return ended + (await removeOutdated(sessions, { ...outdated, key: 'id', age: 'idleExpiresAt' }));
}

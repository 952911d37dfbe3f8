import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { removeOutdated } from '../database/batches.js';
import type { Instant } from '../platform/time/clock.js';
import { KnownAddress } from './known-address.entity.js';

/** Where users have signed in from, in the database. */
@Injectable()
export class KnownAddressesRepository {
  constructor(@InjectRepository(KnownAddress) private readonly addresses: Repository<KnownAddress>) {}

  /** In a transaction that holds the lock on the user's row, so that nobody inserts the same row meanwhile. */
  async note(userId: string, address: string, now: Instant): Promise<void> {
    const { affected } = await this.addresses.update({ userId, address }, { signedInAt: now });
    if (affected === 0) await this.addresses.insert({ userId, address, signedInAt: now });
  }

  /** Forgets addresses that nobody has signed in from since. */
  async removeUnusedSince(until: Instant, stop?: AbortSignal): Promise<number> {
    return removeOutdated(this.addresses, { key: 'userId', age: 'signedInAt', until, stop });
  }
}

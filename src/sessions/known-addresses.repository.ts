import { Injectable } from '@nestjs/common';
import { removeOutdated } from '../database/batches.js';
import { Database } from '../database/database.js';
import type { Instant } from '../platform/time/clock.js';

/** Where users have signed in from, in the database. */
@Injectable()
export class KnownAddressesRepository {
  constructor(private readonly database: Database) {}

  /** In a transaction that holds the lock on the user's row, so that nobody inserts the same row meanwhile. */
  async note(userId: string, address: string, now: Instant): Promise<void> {
    const known = await this.database.execute(
      'UPDATE known_addresses SET signed_in_at = ? WHERE user_id = ? AND address = ?',
      [now, userId, address],
    );
    if (known === 1) return;
    await this.database.execute(
      'INSERT INTO known_addresses (user_id, address, signed_in_at) VALUES (?, ?, ?)',
      [userId, address, now],
    );
  }

  /** Forgets addresses that nobody has signed in from since. */
  async removeUnusedSince(instant: Instant): Promise<number> {
    return removeOutdated(this.database, {
      table: 'known_addresses',
      key: 'user_id',
      age: 'signed_in_at',
      until: instant,
    });
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, MoreThan, Not, type Repository } from 'typeorm';
import { removeOutdated } from '../database/batches.js';
import { Database } from '../database/database.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { DAY, type Instant } from '../platform/time/clock.js';
import { OneTimeCode, type CodePurpose } from './one-time-code.entity.js';

const COLUMNS = `purpose, subject, user_id, recipient, seed, key_id, user_version, created_at, expires_at, used_at`;
const RENEWED = ['user_id', 'recipient', 'key_id', 'user_version', 'created_at', 'expires_at', 'used_at'];

/** A row stays as it is while it can still be used for half of its life, by the person who asks now. */
const staysNot = (given: (column: string) => string) => `
  one_time_codes.used_at IS NOT NULL
  OR one_time_codes.created_at + one_time_codes.expires_at <= 2 * ${given('created_at')}
  OR one_time_codes.key_id <> ${given('key_id')}
  OR COALESCE(one_time_codes.recipient, '') <> COALESCE(${given('recipient')}, '')
  OR COALESCE(one_time_codes.user_id, '') <> COALESCE(${given('user_id')}, '')
  OR COALESCE(one_time_codes.user_version, -1) <> COALESCE(${given('user_version')}, -1)`;

const INSERT = `INSERT INTO one_time_codes (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)`;

/**
 * Writes a row, or leaves the one that stands. MySQL works from left to right, so there the seed decides alone: it is
 * assigned first, and each further column follows it.
 */
const UPSERT = {
  sqlite: `${INSERT} ON CONFLICT (purpose, subject) DO UPDATE SET
    ${['seed', ...RENEWED].map((column) => `${column} = excluded.${column}`).join(', ')}
    WHERE ${staysNot((column) => `excluded.${column}`)}`,
  mysql: `${INSERT} ON DUPLICATE KEY UPDATE
    seed = CASE WHEN ${staysNot((column) => `VALUES(${column})`)} THEN VALUES(seed) ELSE seed END,
    ${RENEWED.map((column) => `${column} = CASE WHEN seed = VALUES(seed) THEN VALUES(${column}) ELSE ${column} END`).join(', ')}`,
};

/** One-time codes in the database. */
@Injectable()
export class CodesRepository {
  constructor(
    @InjectRepository(OneTimeCode) private readonly codes: Repository<OneTimeCode>,
    private readonly database: Database,
  ) {}

  /** In the current transaction: the row that counts from now on, this one or one that stands and is young. */
  async renew(row: OneTimeCode): Promise<OneTimeCode> {
    await this.database.execute(UPSERT[this.database.dialect], [
      row.purpose,
      row.subject,
      row.userId,
      row.recipient,
      row.seed,
      row.keyId,
      row.userVersion,
      row.createdAt,
      row.expiresAt,
    ]);
    return this.codes.findOneByOrFail({ purpose: row.purpose, subject: row.subject });
  }

  async find(purposes: readonly CodePurpose[], subject: string): Promise<OneTimeCode[]> {
    return this.codes.findBy({ purpose: In(purposes), subject });
  }

  /**
   * Answers whether the code could be used, and nobody else was faster. The address goes: that of a sign-up would outlive
   * the account.
   */
  async spend({ purpose, subject, seed }: OneTimeCode, now: Instant): Promise<boolean> {
    const { affected } = await this.codes.update(
      { purpose, subject, seed, usedAt: IsNull(), expiresAt: MoreThan(now), recipient: Not(IsNull()) },
      { usedAt: now, recipient: null },
    );
    return affected === 1;
  }

  /** Answers whether the row is the first with its purpose and subject. */
  async insert(row: OneTimeCode): Promise<boolean> {
    try {
      await this.codes.insert(row);
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }

  /** Tickets stay: without its mark a challenge could be used again. */
  async removeOf(userId: string): Promise<void> {
    await this.codes.delete({ userId, purpose: Not('ticket') });
  }

  async countBy(keyId: string): Promise<number> {
    return this.codes.countBy({ keyId });
  }

  /** Removes codes a day after their end; answers how many. */
  async sweep(now: Instant, stop?: AbortSignal): Promise<number> {
    return removeOutdated(this.codes, { key: 'subject', age: 'expiresAt', until: now - DAY, stop });
  }
}

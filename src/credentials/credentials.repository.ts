import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { insertStatement } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import { PasswordCredential } from './password-credential.entity.js';

const INSERT = insertStatement(PasswordCredential, 'password_credentials');

/** Password hashes in the database. */
@Injectable()
export class CredentialsRepository {
  constructor(private readonly database: Database) {}

  async findHash(userId: string): Promise<string | undefined> {
    const rows = await this.database.query<Array<{ hash: string }>>(
      'SELECT hash FROM password_credentials WHERE user_id = ?',
      [userId],
    );
    return rows[0]?.hash;
  }

  async insert(credential: PasswordCredential): Promise<void> {
    await this.database.execute(INSERT.sql, INSERT.values(credential));
  }

  /** Replaces the hash by that of a new password. */
  async replace(userId: string, hash: string, now: Instant): Promise<void> {
    const replaced = await this.database.execute(
      'UPDATE password_credentials SET hash = ?, updated_at = ? WHERE user_id = ?',
      [hash, now, userId],
    );
    if (replaced === 0) await this.insert({ userId, hash, updatedAt: now });
  }

  /** Replaces a hash by a stronger one of the same password, unless the password changed meanwhile. */
  async upgrade(userId: string, from: string, to: string, now: Instant): Promise<void> {
    await this.database.execute(
      'UPDATE password_credentials SET hash = ?, updated_at = ? WHERE user_id = ? AND hash = ?',
      [to, now, userId, from],
    );
  }
}

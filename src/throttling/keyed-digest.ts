import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { insertStatement } from '../database/entity-statements.js';
import { randomToken } from '../platform/crypto/random.js';
import { Clock } from '../platform/time/clock.js';
import { SharedSecret } from './shared-secret.entity.js';

const INSERT = insertStatement(SharedSecret, 'shared_secrets');
const NAME = 'attempt-keys';

/**
 * Digests of what people typed that belongs to nobody, so that it can be counted and is stored nowhere: people type
 * passwords where a name belongs. All replicas use one secret, or each would count for itself.
 */
@Injectable()
export class KeyedDigest {
  private secret: Promise<string> | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** HMAC-SHA256 as unpadded base64url, always 43 characters. */
  async digest(text: string): Promise<string> {
    this.secret ??= this.load().catch((error: unknown) => {
      this.secret = undefined;
      throw error;
    });
    return createHmac('sha256', await this.secret)
      .update(text)
      .digest('base64url');
  }

  private async load(): Promise<string> {
    const found = await this.find();
    if (found !== undefined) return found;
    const value = randomToken(32);
    try {
      await this.database.execute(
        INSERT.sql,
        INSERT.values({ name: NAME, value, createdAt: this.clock.now() }),
      );
      return value;
    } catch (error) {
      // Another replica was faster: its value counts.
      const winner = error instanceof DuplicateKeyError ? await this.find() : undefined;
      if (winner === undefined) throw error;
      return winner;
    }
  }

  private async find(): Promise<string | undefined> {
    const rows = await this.database.query<Array<{ value: string }>>(
      'SELECT value FROM shared_secrets WHERE name = ?',
      [NAME],
    );
    return rows[0]?.value;
  }
}

import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { randomToken } from '../platform/crypto/random.js';
import { Clock } from '../platform/time/clock.js';
import { SharedSecret } from './shared-secret.entity.js';

const NAME = 'attempt-keys';

/**
 * Digests of what people typed that belongs to nobody, so that it can be counted and is stored nowhere: people type
 * passwords where a name belongs. All replicas use one secret, or each would count for itself.
 */
@Injectable()
export class KeyedDigest {
  private secret: Promise<string> | undefined;

  constructor(
    @InjectRepository(SharedSecret) private readonly secrets: Repository<SharedSecret>,
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
      await this.secrets.insert({ name: NAME, value, createdAt: this.clock.now() });
      return value;
    } catch (error) {
      // Another replica was faster: its value counts.
      const winner = error instanceof DuplicateKeyError ? await this.find() : undefined;
      if (winner === undefined) throw error;
      return winner;
    }
  }

  private async find(): Promise<string | undefined> {
    return (await this.secrets.findOneBy({ name: NAME }))?.value;
  }
}

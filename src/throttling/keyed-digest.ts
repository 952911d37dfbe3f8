import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { randomToken } from '../platform/crypto/random.js';
import { Clock } from '../platform/time/clock.js';
import { SharedSecret } from './shared-secret.entity.js';

const NAME = 'attempt-keys';

/**
 * Digests of names without an account. They are counted by digest and stored nowhere, because people type passwords where
 * a name belongs. All replicas use one secret, because otherwise each would count for itself.
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
    const found = await this.secrets.findOneBy({ name: NAME });
    if (found !== null) return found.value;
    const own = { name: NAME, value: randomToken(32), createdAt: this.clock.now() };
    // If another replica was faster, its value counts.
    await this.secrets.createQueryBuilder().insert().values(own).orIgnore().execute();
    return (await this.secrets.findOneByOrFail({ name: NAME })).value;
  }
}

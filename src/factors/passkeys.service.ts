import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Passkey } from './passkey.entity.js';

/** Passkeys of users. */
@Injectable()
export class Passkeys {
  constructor(@InjectRepository(Passkey) private readonly passkeys: Repository<Passkey>) {}

  /** The oldest first. */
  async list(userId: string): Promise<Passkey[]> {
    return this.passkeys.find({ where: { userId }, order: { createdAt: 'ASC' } });
  }

  async count(userId: string): Promise<number> {
    return this.passkeys.countBy({ userId });
  }

  /** In the current transaction. */
  async removeAll(userId: string): Promise<number> {
    return (await this.passkeys.delete({ userId })).affected ?? 0;
  }
}

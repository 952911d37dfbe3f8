import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';
import { PasswordCredential } from './password-credential.entity.js';

/** Password hashes in the database. */
@Injectable()
export class CredentialsRepository {
  constructor(
    @InjectRepository(PasswordCredential) private readonly credentials: Repository<PasswordCredential>,
  ) {}

  async findHash(userId: string): Promise<string | undefined> {
    return (await this.credentials.findOneBy({ userId }))?.hash;
  }

  async insert(credential: PasswordCredential): Promise<void> {
    await this.credentials.insert(credential);
  }

  /** Replaces the hash by that of a new password. */
  async replace(userId: string, hash: string, now: Instant): Promise<void> {
    const { affected } = await this.credentials.update({ userId }, { hash, updatedAt: now });
    if (affected === 0) await this.insert({ userId, hash, updatedAt: now });
  }

  /** Replaces a hash by a stronger one of the same password, unless the password changed meanwhile. */
  async upgrade(userId: string, from: string, to: string, now: Instant): Promise<void> {
    await this.credentials.update({ userId, hash: from }, { hash: to, updatedAt: now });
  }
}

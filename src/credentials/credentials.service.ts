import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { passwordsConfig } from '../config/passwords.config.js';
import type { AppError, AppErrorDetails } from '../platform/errors/app-error.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { Clock, type Duration } from '../platform/time/clock.js';
import { HashQueue, type Place } from './hash-queue.js';
import { PasswordCredential } from './password-credential.entity.js';
import { PasswordHasher } from './password-hasher.js';
import { passwordRefusals, type PasswordOwner } from './password-policy.js';

/** Passwords of users: checked, hashed and compared, never kept. */
@Injectable()
export class CredentialsService {
  constructor(
    @InjectRepository(PasswordCredential) private readonly credentials: Repository<PasswordCredential>,
    private readonly queue: HashQueue,
    private readonly hasher: PasswordHasher,
    @Inject(passwordsConfig.KEY) private readonly config: ConfigType<typeof passwordsConfig>,
    private readonly clock: Clock,
  ) {}

  /** @throws what `refused` makes when the policy refuses the password */
  checkPolicy(
    password: string,
    owner: PasswordOwner,
    field: string,
    refused: (details: AppErrorDetails) => AppError,
  ): void {
    const violations = passwordRefusals(password, owner, this.config.minLength, field);
    if (violations.length > 0) throw refused({ violations });
  }

  /** A place in the hash queue, taken before anything is looked up. @throws PlatformErrors.overloaded */
  async reservePlace(maxWait?: Duration): Promise<Place> {
    return this.queue.reserve(clientNetwork(), maxWait);
  }

  /** The hash of a new password. @throws PlatformErrors.overloaded */
  async hash(password: string): Promise<string> {
    using place = await this.reservePlace();
    return await this.hasher.hash(place, password);
  }

  /** The hash of a new password, in a place of the queue that the caller has already. */
  async hashIn(place: Place, password: string): Promise<string> {
    return this.hasher.hash(place, password);
  }

  async findHash(userId: string): Promise<string | undefined> {
    return (await this.credentials.findOneBy({ userId }))?.hash;
  }

  /** Whether it is the password; without a hash it is not, after comparing a decoy of equal cost. */
  async verify(place: Place, hash: string | undefined, password: string): Promise<boolean> {
    return this.hasher.verify(place, hash, password);
  }

  /** A new hash of a verified password if the stored one is weaker than the current cost, else undefined. */
  async strengthened(place: Place, hash: string, password: string): Promise<string | undefined> {
    return this.hasher.needsUpgrade(hash) ? this.hasher.hash(place, password) : undefined;
  }

  async store(userId: string, hash: string): Promise<void> {
    await this.credentials.insert({ userId, hash, updatedAt: this.clock.now() });
  }

  /** Replaces the hash by that of a new password. */
  async replace(userId: string, hash: string): Promise<void> {
    const { affected } = await this.credentials.update({ userId }, { hash, updatedAt: this.clock.now() });
    if (affected === 0) await this.store(userId, hash);
  }

  /** Replaces a weak hash by a stronger one, unless the password has changed meanwhile. */
  async upgrade(userId: string, from: string, to: string): Promise<void> {
    await this.credentials.update({ userId, hash: from }, { hash: to, updatedAt: this.clock.now() });
  }
}

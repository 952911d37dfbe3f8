import { Injectable } from '@nestjs/common';
import type { AppError, AppErrorDetails } from '../platform/errors/app-error.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { Clock, type Duration } from '../platform/time/clock.js';
import { CredentialsRepository } from './credentials.repository.js';
import { HashQueue, type Place } from './hash-queue.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy, type PasswordOwner } from './password-policy.js';

/** Passwords of users: checked, hashed and compared, never kept. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly repository: CredentialsRepository,
    private readonly policy: PasswordPolicy,
    private readonly queue: HashQueue,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
  ) {}

  /** @throws what `refused` makes when the policy refuses the password */
  checkPolicy(
    password: string,
    owner: PasswordOwner,
    field: string,
    refused: (details: AppErrorDetails) => AppError,
  ): void {
    const violations = this.policy.refusals(password, owner, field);
    if (violations.length > 0) throw refused({ violations });
  }

  /** A place in the hash queue, taken before anything is looked up. @throws AppError 10009 */
  async reservePlace(maxWait?: Duration): Promise<Place> {
    return this.queue.reserve(clientNetwork(), maxWait);
  }

  /** The hash of a new password. @throws AppError 10009 */
  async hash(password: string): Promise<string> {
    using place = await this.reservePlace();
    return await this.hashIn(place, password);
  }

  /** The hash of a new password, by somebody who has a place in the queue already. */
  async hashIn(place: Place, password: string): Promise<string> {
    return this.hasher.hash(place, password);
  }

  /** The stored hash of a user, if there is one. */
  async findHash(userId: string): Promise<string | undefined> {
    return this.repository.findHash(userId);
  }

  /** Compares; without a hash a decoy of the same cost is compared, and the answer is no. */
  async verify(place: Place, hash: string | undefined, password: string): Promise<boolean> {
    return this.hasher.verify(place, hash, password);
  }

  /** A stronger hash of the same password, or nothing when the stored one has the current cost. */
  async strengthened(place: Place, hash: string, password: string): Promise<string | undefined> {
    return this.hasher.needsUpgrade(hash) ? this.hasher.hash(place, password) : undefined;
  }

  async store(userId: string, hash: string): Promise<void> {
    await this.repository.insert({ userId, hash, updatedAt: this.clock.now() });
  }

  async replace(userId: string, hash: string): Promise<void> {
    await this.repository.replace(userId, hash, this.clock.now());
  }

  async upgrade(userId: string, from: string, to: string): Promise<void> {
    await this.repository.upgrade(userId, from, to, this.clock.now());
  }
}

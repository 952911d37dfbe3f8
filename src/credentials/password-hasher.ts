import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Algorithm, Version, hash, parseOptions, verify } from '@node-rs/argon2';
import { passwordsConfig } from '../config/passwords.config.js';
import type { Place } from './hash-queue.js';
import { normalizePassword } from './password-policy.js';

/** The cost of argon2id (RFC 9106). */
export interface HashCost {
  readonly memoryKib: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/**
 * The most that a stored hash may ask for, unless the configured cost is more. argon2 obeys the numbers in the
 * hash: one altered row with m=4294967295 would have the kernel kill the process.
 */
const STORED_COST_CEILING: HashCost = { memoryKib: 1_048_576, timeCost: 64, parallelism: 64 };
const NUMBERS = ['memoryKib', 'timeCost', 'parallelism'] as const;
const DIGEST_BYTES = 32;
const DIGEST_MIN_BYTES = 16;
const SALT_BYTES = 16;
const SALT_MIN_BYTES = 8;

/**
 * Passwords as argon2id in PHC form. Each call takes a place in the hash queue, which alone bounds how many run.
 *
 * An absent, damaged or foreign hash takes as long as a current one. A weaker hash takes less time until the next sign-in
 * upgrades it; this is accepted, because it happens only after the cost was raised.
 */
@Injectable()
export class PasswordHasher {
  private readonly decoy: string;

  constructor(@Inject(passwordsConfig.KEY) private readonly cost: HashCost) {
    this.decoy = makeDecoy(cost);
  }

  /**
   * @param password as typed, already accepted by the policy
   * @returns the PHC string of the NFKC form, with a new salt
   * @throws Error when the password has an unpaired surrogate, or more code points than the policy accepts
   */
  async hash(place: Place, password: string): Promise<string> {
    // argon2 would read every unpaired surrogate as U+FFFD, so that two passwords would be one.
    if (!password.isWellFormed()) throw new Error('A password with an unpaired surrogate cannot be hashed.');
    const normal = normalizePassword(password);
    if (normal === undefined) throw new Error('A password that the policy refuses cannot be hashed.');
    const { memoryKib: memoryCost, timeCost, parallelism } = this.cost;
    const cost = { memoryCost, timeCost, parallelism, outputLen: DIGEST_BYTES };
    return place.run(() => hash(normal, { algorithm: Algorithm.Argon2id, version: Version.V0x13, ...cost }));
  }

  /**
   * Whether `password` is the one that was hashed. Whatever cannot be verified costs a decoy and is false.
   *
   * @param phc the stored hash; undefined when there is no account or no password
   * @param password as typed; NUL and every later character count
   */
  async verify(place: Place, phc: string | undefined, password: string): Promise<boolean> {
    const normal = normalizePassword(password);
    const possible = normal !== undefined && password.isWellFormed();
    const stored = phc !== undefined && this.isVerifiable(phc) && possible ? phc : undefined;
    return place.run(async () => {
      const matches = await verify(stored ?? this.decoy, normal ?? '');
      return stored !== undefined && matches;
    });
  }

  /** Whether a stored hash is weaker than the current cost in any number, or no argon2id hash at all. */
  needsUpgrade(phc: string): boolean {
    const stored = readPhc(phc);
    return stored === undefined || NUMBERS.some((number) => stored[number] < this.cost[number]);
  }

  private isVerifiable(phc: string): boolean {
    const stored = readPhc(phc);
    const most = (number: keyof HashCost) => Math.max(STORED_COST_CEILING[number], this.cost[number]);
    return stored !== undefined && NUMBERS.every((number) => stored[number] <= most(number));
  }
}

/** The cost of an argon2id hash of the current version; undefined for anything else, damaged ones included. */
function readPhc(phc: string): HashCost | undefined {
  try {
    const { algorithm, version, memoryCost, timeCost, parallelism, outputLen, saltLen } = parseOptions(phc);
    const isOurs =
      algorithm === Algorithm.Argon2id &&
      version === Version.V0x13 &&
      outputLen >= DIGEST_MIN_BYTES &&
      saltLen >= SALT_MIN_BYTES;
    return isOurs ? { memoryKib: memoryCost, timeCost, parallelism } : undefined;
  } catch {
    return undefined;
  }
}

/** A hash that no password is known to have: its digest is random instead of computed, its cost the current one. */
function makeDecoy({ memoryKib, timeCost, parallelism }: HashCost): string {
  const part = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memoryKib},t=${timeCost},p=${parallelism}$${part(SALT_BYTES)}$${part(DIGEST_BYTES)}`;
}

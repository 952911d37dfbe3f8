import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import { Not, type Repository } from 'typeorm';
import { factorsConfig } from '../config/factors.config.js';
import { mailConfig } from '../config/mail.config.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { FactorsErrors } from './factors.errors.js';
import {
  creationOptions,
  requestOptions,
  verifyAssertion,
  verifyRegistration,
  type NewPasskey,
  type PasskeyHolder,
  type RelyingParty,
} from './passkey-ceremonies.js';
import type { PasskeyCredential } from './passkey-credential.js';
import { Passkey } from './passkey.entity.js';

/** Of one user. */
const MOST_PASSKEYS = 10;

/** A passkey that was shown, before anything is written. */
export interface CheckedPasskey {
  readonly passkey: Passkey;
  readonly counter: number;
  /** The authenticator has counted less than before: perhaps there are two of it. */
  readonly counterFell: boolean;
  readonly synced: boolean;
}

/** Passkeys of users (WebAuthn). */
@Injectable()
export class Passkeys {
  constructor(
    @InjectRepository(Passkey) private readonly passkeys: Repository<Passkey>,
    private readonly clock: SharedClock,
    @Inject(factorsConfig.KEY) private readonly config: ConfigType<typeof factorsConfig>,
    @Inject(mailConfig.KEY) private readonly names: ConfigType<typeof mailConfig>,
  ) {}

  /** The domain that passkeys are made for; none where they are not set up. */
  get rpId(): string | undefined {
    return this.config.rpId;
  }

  get isSetUp(): boolean {
    return this.rpId !== undefined;
  }

  /** @throws FactorsErrors.passkeysNotSetUp */
  requireSetUp(): void {
    this.party();
  }

  /** The oldest first. */
  async list(userId: string): Promise<Passkey[]> {
    return this.passkeys.find({ where: { userId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  async count(userId: string): Promise<number> {
    return this.passkeys.countBy({ userId });
  }

  /** Of everybody: those that were made for another domain, and do not work any more. */
  async countUnusable(): Promise<number> {
    return this.passkeys.countBy(this.rpId === undefined ? {} : { rpId: Not(this.rpId) });
  }

  /**
   * What a browser is to be asked for a passkey with: PublicKeyCredentialRequestOptionsJSON.
   *
   * @param userId whose; without one the person chooses, and the passkey tells who it is
   * @throws FactorsErrors.passkeysNotSetUp
   */
  async requestOptions(challenge: string, userId?: string): Promise<object> {
    const party = this.party();
    const own = userId === undefined ? [] : await this.list(userId);
    const usable = own.filter(({ rpId }) => rpId === party.id);
    return requestOptions(party, challenge, usable);
  }

  /**
   * Compares a passkey that was shown, and writes nothing. That one answer is good once is for the challenge to see to.
   *
   * @param userId whose it must be
   * @throws FactorsErrors.refused for whatever is wrong with it
   */
  async checkAssertion(
    challenge: string,
    credential: PasskeyCredential,
    userId?: string,
  ): Promise<CheckedPasskey> {
    if (!this.isSetUp) throw FactorsErrors.refused();
    const party = this.party();
    const passkey = await this.passkeys.findOneBy({ credentialDigest: digestOf(credential.id) });
    const isUsable = passkey?.rpId === party.id && (userId === undefined || passkey.userId === userId);
    if (passkey === null || !isUsable) throw FactorsErrors.refused();
    const { counter, synced } = await verifyAssertion(party, challenge, credential, passkey);
    // An authenticator that keeps no count says 0 every time.
    const counterFell = passkey.counter > 0 && counter <= passkey.counter;
    return { passkey, counter, counterFell, synced };
  }

  /** In the transaction that it permits: notes the use. @throws FactorsErrors.refused when it was removed meanwhile */
  async use({ passkey: { id }, counter, synced }: CheckedPasskey): Promise<void> {
    const lastUsedAt = await this.clock.now();
    const { affected } = await this.passkeys.update({ id }, { counter, synced: Number(synced), lastUsedAt });
    if (affected !== 1) throw FactorsErrors.refused();
  }

  /**
   * What a browser is to be asked to make a passkey with: PublicKeyCredentialCreationOptionsJSON.
   *
   * @throws FactorsErrors.passkeysNotSetUp, FactorsErrors.tooManyPasskeys
   */
  async creationOptions(challenge: string, holder: PasskeyHolder): Promise<object> {
    const party = this.party();
    const others = await this.list(holder.id);
    if (others.length >= MOST_PASSKEYS) throw FactorsErrors.tooManyPasskeys();
    return creationOptions(party, challenge, holder, others);
  }

  /** @throws FactorsErrors.passkeysNotSetUp, FactorsErrors.refused for whatever is wrong with it */
  async checkRegistration(challenge: string, credential: PasskeyCredential): Promise<NewPasskey> {
    return verifyRegistration(this.party(), challenge, credential);
  }

  /**
   * In the current transaction, which holds the lock on the user: else two at once could together exceed the limit.
   *
   * @throws FactorsErrors.tooManyPasskeys, FactorsErrors.refused for one that somebody has already
   */
  async add(userId: string, passkey: NewPasskey, name: string): Promise<Passkey> {
    if ((await this.count(userId)) >= MOST_PASSKEYS) throw FactorsErrors.tooManyPasskeys();
    const row: Passkey = {
      ...passkey,
      id: newId(),
      userId,
      credentialDigest: digestOf(passkey.credentialId),
      name,
      createdAt: await this.clock.now(),
      lastUsedAt: null,
    };
    await this.passkeys.insert(row).catch((error: unknown) => {
      throw error instanceof DuplicateKeyError ? FactorsErrors.refused() : error;
    });
    return row;
  }

  /** @throws FactorsErrors.noSuchFactor */
  async rename(userId: string, id: string, name: string): Promise<Passkey> {
    // MySQL ignores blanks after an id and would find it.
    const passkey = isUuid(id) ? await this.passkeys.findOneBy({ id, userId }) : null;
    if (passkey === null) throw FactorsErrors.noSuchFactor();
    const { affected } = await this.passkeys.update({ id, userId }, { name });
    if (affected !== 1) throw FactorsErrors.noSuchFactor();
    return { ...passkey, name };
  }

  /** In the current transaction; answers whether the user had it. */
  async remove(userId: string, id: string): Promise<boolean> {
    return isUuid(id) && (await this.passkeys.delete({ id, userId })).affected === 1;
  }

  /** In the current transaction. */
  async removeAll(userId: string): Promise<number> {
    return (await this.passkeys.delete({ userId })).affected ?? 0;
  }

  private party(): RelyingParty {
    const { rpId, origins } = this.config;
    if (rpId === undefined) throw FactorsErrors.passkeysNotSetUp();
    return { id: rpId, origins, name: this.names.productName };
  }
}

/** Of the text: another spelling of the same bytes is no name that we gave. */
function digestOf(credentialId: string): string {
  return createHash('sha256').update(credentialId).digest('base64url');
}

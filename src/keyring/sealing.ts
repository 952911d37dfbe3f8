import { createSecretKey, hkdfSync, webcrypto, type KeyObject } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock, MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import { isKid } from './key-set.js';
import { Keyring } from './keyring.js';

/** What is sealed. Each use has a key of its own, so what was sealed for one is nothing for another. */
export type SealedUse = 'totp' | 'challenge' | 'outbox';

/** Sealed text that was altered, belongs to another use or subject, or is none. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';

  constructor() {
    super('The sealed text is broken.');
  }
}

/** Sealed text that names a key which is not known, or no longer. Whether it was whole, nobody can tell. */
export class UnknownKey extends Error {
  override readonly name = 'UnknownKey';

  constructor(readonly kid: string) {
    super(`The sealed text names the key ${kid}, which is not in the file of the keys.`);
  }
}

/** Anybody can send sealed texts that name a made-up key, and shall not fill the log with them. */
const TELL_EVERY: Duration = 10 * MINUTE;

/** Head, no encrypted key (the key is used directly), 96 bits of nonce, text, 128 bits of tag. */
const COMPACT = /^([\w-]+)\.\.([\w-]{16})\.([\w-]*)\.([\w-]{22})$/;

/**
 * Sealed text: a compact JWE (`dir`, `A256GCM`) with a key derived for its use. The header, which is authenticated,
 * carries the key's id, the use and the subject, which is the id of the row or user that it was sealed for. So a sealed
 * text that is moved elsewhere does not open.
 */
@Injectable()
export class Sealing {
  private readonly logger = new Logger(Sealing.name);
  /** By the key itself: read again from the file, a key is another object. */
  private readonly sealers = new WeakMap<KeyObject, Map<SealedUse, Promise<webcrypto.CryptoKey>>>();
  private readonly coders = new WeakMap<KeyObject, KeyObject>();
  private toldAt: Instant = -Infinity;

  constructor(
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  async seal(use: SealedUse, subject: string, text: string): Promise<string> {
    const { kid, secret } = this.keyring.sealing();
    // Imported at the first seal, because a server that seals nothing shall not carry it.
    const { CompactEncrypt } = await import('jose/jwe/compact/encrypt');
    return new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader(headerOf(kid, use, subject))
      .encrypt(await this.sealer(secret, use));
  }

  /**
   * @throws SealBroken when it was altered, moved to another use or subject, or is no sealed text at all
   * @throws UnknownKey when its key is not known; the operator is told
   */
  async open(use: SealedUse, subject: string, sealed: string): Promise<string> {
    const kid = kidOf(use, subject, sealed);
    const secret = this.keyring.secret(kid);
    if (secret === undefined) {
      this.tell(use, kid);
      throw new UnknownKey(kid);
    }
    const { compactDecrypt } = await import('jose/jwe/compact/decrypt');
    const sealer = await this.sealer(secret, use);
    try {
      const { plaintext } = await compactDecrypt(sealed, sealer);
      return Buffer.from(plaintext).toString();
    } catch (error) {
      if (isDecryptionFailure(error)) throw new SealBroken();
      throw error;
    }
  }

  /** The key that one-time codes are derived with: the current one, or the one of that id if it is known. */
  codesKey(): { readonly kid: string; readonly key: KeyObject };
  codesKey(kid?: string): { readonly kid: string; readonly key: KeyObject } | undefined;
  codesKey(given?: string): { readonly kid: string; readonly key: KeyObject } | undefined {
    const { kid, secret } =
      given === undefined ? this.keyring.sealing() : { kid: given, secret: this.keyring.secret(given) };
    if (secret === undefined) return undefined;
    let key = this.coders.get(secret);
    if (key === undefined) {
      key = createSecretKey(derive(secret, 'codes'));
      this.coders.set(secret, key);
    }
    return { kid, key };
  }

  private sealer(secret: KeyObject, use: SealedUse): Promise<webcrypto.CryptoKey> {
    let byUse = this.sealers.get(secret);
    if (byUse === undefined) this.sealers.set(secret, (byUse = new Map()));
    let sealer = byUse.get(use);
    if (sealer === undefined) {
      const bytes = derive(secret, use);
      sealer = webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
      byUse.set(use, sealer);
    }
    return sealer;
  }

  private tell(use: SealedUse, kid: string): void {
    const now = this.clock.now();
    if (now < this.toldAt + TELL_EVERY) return;
    this.toldAt = now;
    this.logger.error(
      { kid, use },
      'a sealed text names a key that is not in KEYS_FILE: bring the key back if it was removed too early',
    );
  }
}

/** In this order, which `kidOf` insists on. */
function headerOf(kid: string, use: SealedUse, subject: string) {
  return { alg: 'dir', enc: 'A256GCM', kid, typ: use, sub: subject };
}

/**
 * The id of the key that a sealed text names. It is taken only in exactly the form that we write, so that no two texts
 * open alike: the header byte by byte, and base64url without stray bits behind the last byte.
 *
 * @throws SealBroken
 */
function kidOf(use: SealedUse, subject: string, sealed: string): string {
  const [, head = '', ...others] = COMPACT.exec(sealed) ?? [];
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(head, 'base64url').toString());
  } catch {
    throw new SealBroken();
  }
  const { kid }: { readonly kid?: unknown } = Object(header);
  if (!isKid(kid)) throw new SealBroken();
  const expected = Buffer.from(JSON.stringify(headerOf(kid, use, subject))).toString('base64url');
  if (head !== expected || !others.every(isCanonical)) throw new SealBroken();
  return kid;
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function isDecryptionFailure(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_JWE_DECRYPTION_FAILED';
}

function derive(secret: KeyObject, use: SealedUse | 'codes'): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `gatehouse/${use}/v1`, 32));
}

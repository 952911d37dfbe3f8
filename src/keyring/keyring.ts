import type { KeyObject } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { keyringConfig } from '../config/keyring.config.js';
import { sha256Base64url } from '../platform/crypto/digest.js';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { KEY_USES, KeyringError, currentOf, type Key, type KeyUse } from './key-set.js';
import { keysIn, readKeysText } from './keys-file.js';

/** How often the file is read again: a new key is known to every replica this long after it was written. */
const REREAD_EVERY: Duration = 30 * SECOND;

/** The public half of a signing key in JWK form (RFC 7517, RFC 7518 section 6.2.1). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/** The keys of one moment; never changed, only replaced as a whole. */
interface KeySet {
  /** Of the file's text. While it is the same, so are the objects, and whoever remembers by them need not forget. */
  readonly digest: string;
  readonly current: { readonly kid: string; readonly privateKey: KeyObject };
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  readonly sealing: { readonly kid: string; readonly secret: KeyObject };
  readonly secrets: ReadonlyMap<string, KeyObject>;
}

/**
 * The keys as they stand in the file. They are read at the start and every 30 seconds, so a rotation needs no restart.
 * A file that has become unusable changes nothing: the keys read last stay in force, and the problem is logged once.
 */
@Injectable()
export class Keyring {
  private readonly logger = new Logger(Keyring.name);
  private set: KeySet | undefined;
  private reported: string | undefined;

  constructor(
    @Inject(keyringConfig.KEY) private readonly config: ConfigType<typeof keyringConfig>,
    periodic: Periodic,
  ) {
    periodic.every(REREAD_EVERY, 'keyring', async () => this.reread());
  }

  /**
   * Reads the file, unless it was read. The server does so at its start, to end there when something is wrong; an
   * operator's command needs keys only where it seals.
   *
   * @throws KeyringError with every problem, when the file lacks a usable current key
   */
  load(): void {
    this.loaded();
  }

  /** Reads the file again; keeps the keys in force when it cannot be used. Never throws. */
  reread(): void {
    try {
      this.set = readKeySet(this.config.keysFile, this.set);
      this.reported = undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.reported) this.logger.error(`The keys stay as they were. ${message}`);
      this.reported = message;
    }
  }

  /** The key that signs. */
  current(): KeySet['current'] {
    return this.loaded().current;
  }

  /** The key that verifies tokens which name it; `next` and `previous` keys verify as well. */
  publicKey(kid: string): KeyObject | undefined {
    return this.loaded().publicKeys.get(kid);
  }

  /** The public keys for other services: current, next, previous. */
  jwks(): KeySet['jwks'] {
    return this.loaded().jwks;
  }

  /** The key that seals, from which each use derives its own. */
  sealing(): KeySet['sealing'] {
    return this.loaded().sealing;
  }

  /** The key that opens what names it. */
  secret(kid: string): KeyObject | undefined {
    return this.loaded().secrets.get(kid);
  }

  private loaded(): KeySet {
    return (this.set ??= readKeySet(this.config.keysFile));
  }
}

/**
 * @param known what it answers while the file holds nothing else
 * @throws KeyringError with every problem
 */
function readKeySet(file: string, known?: KeySet): KeySet {
  const found = readKeysText(file);
  const digest = sha256Base64url(found?.text ?? '');
  if (digest === known?.digest) return known;
  const keys = found === undefined ? [] : keysIn(file, found);
  const signing = keys.filter((key) => key.use === 'sig');
  const sealing = keys.filter((key) => key.use === 'enc');
  const [current, sealer] = [signing, sealing].map((of) => of.find(({ status }) => status === 'current'));
  if (current?.use !== 'sig' || sealer?.use !== 'enc') throw new KeyringError(...missing(file, keys));
  return {
    digest,
    current,
    publicKeys: new Map(signing.map(({ kid, publicKey }) => [kid, publicKey])),
    jwks: { keys: signing.map(({ kid, publicKey }) => toPublicJwk(kid, publicKey)) },
    sealing: sealer,
    secrets: new Map(sealing.map(({ kid, secret }) => [kid, secret])),
  };
}

const FOR: Record<KeyUse, string> = { sig: 'signing', enc: 'sealing' };

function missing(file: string, keys: readonly Key[]): string[] {
  return KEY_USES.filter((use) => currentOf(keys, use) === undefined).map(
    (use) =>
      `There is no current key for ${FOR[use]} (use "${use}") in ${file}: run "npm run cli -- keys generate".`,
  );
}

/** Names its members one by one, so that nothing private can slip in. */
function toPublicJwk(kid: string, publicKey: KeyObject): PublicJwk {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}

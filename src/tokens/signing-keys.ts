import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { tokensConfig } from '../config/tokens.config.js';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { KeyFilesError, listKeys, theCurrent, type KeyFile } from './key-files.js';
import type { JwkResponse, JwksResponse } from './jwks.dto.js';

/** How often the folder is read again: a new key is known to every replica this long after it was written. */
const REREAD_EVERY: Duration = 30 * SECOND;

/** The keys of one moment; never changed, only replaced as a whole. */
interface KeySet {
  readonly current: { readonly kid: string; readonly privateKey: KeyObject };
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly jwks: JwksResponse;
}

/**
 * The keys that access tokens are signed and verified with, as they stand in the folder. They are read at the start
 * and every 30 seconds, so a rotation needs no restart. A folder that has become unusable changes nothing: the keys
 * read last stay in force, and the problem is logged once.
 */
@Injectable()
export class SigningKeys implements OnModuleInit {
  private readonly logger = new Logger(SigningKeys.name);
  private set: KeySet | undefined;
  private reported: string | undefined;

  constructor(
    @Inject(tokensConfig.KEY) private readonly config: ConfigType<typeof tokensConfig>,
    periodic: Periodic,
  ) {
    periodic.every(REREAD_EVERY, 'signing keys', () => this.reread());
  }

  /** @throws KeyFilesError with every problem, when the folder has no usable signing key */
  async onModuleInit(): Promise<void> {
    this.set = await readKeySet(this.config.signingKeysDir);
  }

  /** Reads the folder again; keeps the keys in force when it cannot be used. Never rejects. */
  async reread(): Promise<void> {
    try {
      this.set = await readKeySet(this.config.signingKeysDir);
      this.reported = undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.reported) this.logger.error(`The signing keys stay as they were. ${message}`);
      this.reported = message;
    }
  }

  /** The key that signs. */
  current(): { readonly kid: string; readonly privateKey: KeyObject } {
    return this.loaded().current;
  }

  /** The key that verifies tokens which name it; `next` and `previous` keys verify as well. */
  publicKey(kid: string): KeyObject | undefined {
    return this.loaded().publicKeys.get(kid);
  }

  /** The public keys for other services: current, next, previous. */
  jwks(): JwksResponse {
    return this.loaded().jwks;
  }

  private loaded(): KeySet {
    if (!this.set) throw new Error('The signing keys are used before they are read.');
    return this.set;
  }
}

/**
 * Reads and checks all keys of a folder. A rotation that happens while the folder is listed can make it look broken,
 * so a failure is believed only the second time.
 *
 * @throws KeyFilesError with every problem
 */
async function readKeySet(dir: string): Promise<KeySet> {
  try {
    return await readKeySetOnce(dir);
  } catch {
    await delay(50);
    return readKeySetOnce(dir);
  }
}

async function readKeySetOnce(dir: string): Promise<KeySet> {
  const files = await listKeys(dir);
  const problems: string[] = [];
  const publicKeys = new Map<string, KeyObject>();
  const keys: JwkResponse[] = [];
  let current: KeySet['current'] | undefined;
  const signing = theCurrent(files);
  for (const file of files) {
    try {
      const privateKey = await readPrivateKey(file);
      const publicKey = createPublicKey(privateKey);
      if (file === signing) current = { kid: file.kid, privateKey };
      publicKeys.set(file.kid, publicKey);
      keys.push(toJwkResponse(file.kid, publicKey));
    } catch (error) {
      problems.push(
        `The key file ${file.path} cannot be used: ${error instanceof Error ? error.message : error}.`,
      );
    }
  }
  if (!signing) problems.push(`There is no current key (current-<kid>.pem) in ${dir}.`);
  if (!current || problems.length > 0) throw new KeyFilesError(...problems);
  return { current, publicKeys, jwks: { keys } };
}

/** @throws Error whose message completes "cannot be used: …", and never quotes the file */
async function readPrivateKey(file: KeyFile): Promise<KeyObject> {
  const pem = await readFile(file.path);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('it holds no unencrypted private key in PEM form');
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('it holds no EC key on the curve P-256');
  }
  // A file damaged between its halves still parses; its tokens would be refused by everybody.
  const probe = Buffer.from('gatehouse');
  if (!verify('sha256', probe, createPublicKey(key), sign('sha256', probe, key))) {
    throw new Error('its private and its public half do not belong together');
  }
  return key;
}

/** Names its members one by one, so that nothing private can slip in. */
function toJwkResponse(kid: string, publicKey: KeyObject): JwkResponse {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}

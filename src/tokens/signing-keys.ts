import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { KeyFilesError, listKeys, theCurrent, type KeyFile } from './key-files.js';
import type { JwkResponse, JwksResponse } from './jwks.dto.js';
import { TokenSettings } from './token-settings.js';

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
 * read last stay in force, and the problem is reported once.
 */
@Injectable()
export class SigningKeys implements OnApplicationBootstrap, OnModuleDestroy {
  /** Where problems of a running process go, one sentence each; to Nest's log unless replaced. */
  onProblem: (message: string) => void = (message) => new Logger(SigningKeys.name).error(message);

  private set: KeySet | undefined;
  private timer: NodeJS.Timeout | undefined;
  private rereading = false;
  private reported: string | undefined;

  constructor(private readonly settings: TokenSettings) {}

  /**
   * Reads the folder, for the start: unlike a later re-read it insists.
   *
   * @throws KeyFilesError with every problem, when the folder has no usable signing key
   */
  async load(): Promise<void> {
    this.set = await readKeySet(this.settings.signingKeysDir);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.set) await this.load();
    this.timer = setInterval(() => void this.reread(), REREAD_EVERY).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Reads the folder again; keeps the keys in force when it cannot be used. Never rejects. */
  async reread(): Promise<void> {
    // A slow network folder must not pile up readers, nor an older reading overtake a newer one.
    if (this.rereading) return;
    this.rereading = true;
    try {
      this.set = await readKeySet(this.settings.signingKeysDir);
      this.reported = undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.reported) this.onProblem(`The signing keys stay as they were. ${message}`);
      this.reported = message;
    } finally {
      this.rereading = false;
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
  if (!current || problems.length > 0) throw new KeyFilesError(problems);
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

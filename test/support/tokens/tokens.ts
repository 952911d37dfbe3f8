import { sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JwtService } from '@nestjs/jwt';
import { afterAll } from 'vitest';
import { ensureCurrentKeys } from '../../../src/keyring/key-rotation.ts';
import { Keyring } from '../../../src/keyring/keyring.ts';
import { newId } from '../../../src/platform/crypto/random.ts';
import { Clock, DAY, MINUTE, SECOND, type Instant } from '../../../src/platform/time/clock.ts';
import { Periodic } from '../../../src/platform/time/periodic.ts';
import { AccessTokens, JWT_OPTIONS } from '../../../src/tokens/access-tokens.ts';

export class TestClock extends Clock {
  constructor(public time: Instant = Date.UTC(2026, 10, 22, 8, 32, 48, 741)) {
    super();
  }

  override now(): Instant {
    return this.time;
  }
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

/** A folder that is gone after the file's tests. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  folders.push(dir);
  return dir;
}

export function settingsFor(keysFile: string, accessTtl = 15 * MINUTE) {
  return { issuer: 'https://id.example', audience: 'apis', accessTtl, keysFile };
}

/** Everything that issues and verifies, over a file with one current key of each use. */
export async function startTokens({ file, accessTtl }: { file?: string; accessTtl?: number } = {}) {
  const keysFile = file ?? join(await temporaryFolder(), 'keys.json');
  const clock = new TestClock();
  await ensureCurrentKeys(keysFile, { now: clock.now() });
  const settings = settingsFor(keysFile, accessTtl);
  const keys = new Keyring(settings, new Periodic());
  const tokens = new AccessTokens(new JwtService(JWT_OPTIONS), keys, clock, settings);
  const { kid, privateKey } = keys.current();
  return { file: keysFile, kid, settings, clock, keys, tokens, privateKey };
}

export function grant(clock: Clock, life = 30 * DAY) {
  return { id: newId(), userId: newId(), expiresAt: clock.now() + life };
}

/** The claims of a good token, to be spoiled. */
export function goodClaims(clock: Clock) {
  const iat = Math.floor(clock.now() / SECOND);
  return {
    iss: 'https://id.example',
    aud: 'apis',
    sub: '6f0f2a7e-3b1c-4d5e-8f90-a1b2c3d4e5f6',
    sid: '0e1d2c3b-4a59-4687-b6c5-d4e3f2a1b0c9',
    jti: '5b6c7d8e-9fa0-4b1c-ad2e-3f4051627384',
    iat,
    exp: iat + 900,
  };
}

export const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A compact JWS over any header and payload, text or JSON; signed with ES256 unless a signer is given. */
export function forge(
  header: unknown,
  payload: unknown,
  signer: KeyObject | ((input: Buffer) => Buffer | string),
): string {
  const input = `${encode(header)}.${encode(payload)}`;
  const bytes = Buffer.from(input);
  const signature =
    typeof signer === 'function'
      ? signer(bytes)
      : sign('sha256', bytes, { key: signer, dsaEncoding: 'ieee-p1363' });
  return `${input}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`;
}

/** What a forger has at hand: a good token, its parts, and (to forge what only we could sign) the very key. */
export interface Scene {
  readonly header: { alg: string; typ: string; kid: string };
  readonly claims: ReturnType<typeof goodClaims>;
  readonly key: KeyObject;
  readonly good: string;
}

export type Forgery = (scene: Scene) => string;

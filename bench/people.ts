import { createPrivateKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { derToJose } from './ecdsa-signature.ts';

export const ISSUER = 'bench';

/** Somebody of the seed who takes part in the load, with tokens that work. */
export interface Person {
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  readonly refreshToken: string;
}

/** A signing key in a folder as Gatehouse expects it. */
export interface SigningKey {
  readonly dir: string;
  readonly file: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export function makeSigningKey(dir: string): SigningKey {
  mkdirSync(dir, { recursive: true });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const kid = 'benchkey00000001';
  const file = join(dir, `current-${kid}.pem`);
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { dir, file, kid, privateKey: createPrivateKey(readFileSync(file)) };
}

/** An access token as Gatehouse issues it, for longer than a run takes. */
export function accessToken(key: SigningKey, { userId, sessionId }: Person): string {
  const iat = Math.floor(Date.now() / 1_000);
  const head = { alg: 'ES256', typ: 'at+jwt', kid: key.kid };
  const claims = {
    iss: ISSUER,
    aud: ISSUER,
    sub: userId,
    sid: sessionId,
    jti: randomUUID(),
    iat,
    exp: iat + 7_200,
  };
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${derToJose(sign('sha256', Buffer.from(text), key.privateKey)).toString('base64url')}`;
}

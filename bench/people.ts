import { generateKeyPairSync, randomBytes, randomUUID, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
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

/** A signing key, in a file of keys as Gatehouse expects it and alone. */
export interface SigningKey {
  readonly keysFile: string;
  readonly pemFile: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export function makeSigningKey(dir: string): SigningKey {
  mkdirSync(dir, { recursive: true });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const kid = 'benchkey00000001';
  const current = { iat: Math.floor(Date.now() / 1_000), status: 'current' };
  const signing = { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256', ...current };
  const sealing = {
    kty: 'oct',
    k: randomBytes(32).toString('base64url'),
    kid: 'sealing',
    use: 'enc',
    ...current,
  };
  const keysFile = join(dir, 'keys.json');
  writeFileSync(keysFile, JSON.stringify({ keys: [signing, sealing] }), { mode: 0o600 });
  const pemFile = join(dir, 'key.pem');
  writeFileSync(pemFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { keysFile, pemFile, kid, privateKey };
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

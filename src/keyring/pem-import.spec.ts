import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forge, goodClaims, startTokens, temporaryFolder } from '../../test/support/tokens/tokens.ts';
import { ensureCurrentKeys } from './key-rotation.js';
import { readKeys } from './keys-file.js';
import { importPemKeys } from './pem-import.js';

const now = Date.now();

/** A key file as earlier versions wrote it: its id is half the thumbprint in hexadecimal. */
async function pemIn(folder: string, status: string, { minutes = 0, pem = newPem() } = {}) {
  const { crv, kty, x, y } = createPublicKey(pem).export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('hex').slice(0, 32);
  const path = join(folder, `${status}-${kid}.pem`);
  await writeFile(path, pem, { mode: 0o600 });
  const at = now / 1_000 - minutes * 60;
  await utimes(path, at, at);
  return { kid, path, pem };
}

const newPem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

const newFile = async () => join(await temporaryFolder(), 'keys.json');
const told = (file: string) => readKeys(file).map(({ kid, use, status }) => [kid, use, status]);

describe('taking over the key files of earlier versions', () => {
  it('keeps ids, statuses and their times, and makes the sealing key that is missing', async () => {
    const folder = await temporaryFolder();
    const previous = await pemIn(folder, 'previous', { minutes: 30 });
    const current = await pemIn(folder, 'current', { minutes: 30 });
    const next = await pemIn(folder, 'next', { minutes: 12 });
    await writeFile(join(folder, 'README'), 'x');
    const file = await newFile();
    const made = await importPemKeys(file, folder, now);
    const sealing = made.at(-1);
    expect(made).toHaveLength(4);
    expect(told(file)).toEqual([
      [current.kid, 'sig', 'current'],
      [next.kid, 'sig', 'next'],
      [previous.kid, 'sig', 'previous'],
      [sealing?.kid, 'enc', 'current'],
    ]);
    const [, second, third] = readKeys(file);
    expect(Math.abs((second?.since ?? 0) - (now - 12 * 60_000))).toBeLessThan(2_000);
    expect(Math.abs((third?.since ?? 0) - (now - 30 * 60_000))).toBeLessThan(2_000);
  });

  it('lets access tokens that were issued verify', async () => {
    const folder = await temporaryFolder();
    const { kid, pem } = await pemIn(folder, 'current');
    const file = await newFile();
    await importPemKeys(file, folder, now);
    const { tokens, clock } = await startTokens({ file });
    const token = forge({ alg: 'ES256', typ: 'at+jwt', kid }, goodClaims(clock), createPrivateKey(pem));
    expect(tokens.verify(token)).toBeDefined();
  });

  it('is refused where the file has signing keys, and adds to one that only seals', async () => {
    const folder = await temporaryFolder();
    await pemIn(folder, 'current');
    const file = await newFile();
    await ensureCurrentKeys(file, { now, uses: ['enc'] });
    await importPemKeys(file, folder, now);
    expect(readKeys(file)).toHaveLength(2);
    const text = await readFile(file, 'utf8');
    await expect(importPemKeys(file, folder, now)).rejects.toThrow('has signing keys already');
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('completes a rotation that was cut off', async () => {
    const folder = await temporaryFolder();
    const old = await pemIn(folder, 'current');
    await pemIn(folder, 'previous', { pem: old.pem });
    const before = await newFile();
    await importPemKeys(before, folder, now);
    expect(told(before)[0]).toEqual([old.kid, 'sig', 'current']);
    const successor = await pemIn(folder, 'current');
    const after = await newFile();
    await importPemKeys(after, folder, now);
    expect(told(after).slice(0, 2)).toEqual([
      [successor.kid, 'sig', 'current'],
      [old.kid, 'sig', 'previous'],
    ]);
  });

  it('refuses a folder without a current key, with two, and none at all', async () => {
    const folder = await temporaryFolder();
    const file = await newFile();
    await pemIn(folder, 'next');
    await expect(importPemKeys(file, folder, now)).rejects.toThrow(
      'There is no current key (current-<kid>.pem)',
    );
    await pemIn(folder, 'current');
    await pemIn(folder, 'current');
    await expect(importPemKeys(file, folder, now)).rejects.toThrow('more than one current sig key');
    await expect(importPemKeys(file, '/nowhere', now)).rejects.toThrow(
      'The folder /nowhere cannot be read: ENOENT.',
    );
    expect(readKeys(file)).toEqual([]);
  });

  it('refuses files that hold no such key, names each, and does not tell their text', async () => {
    const folder = await temporaryFolder();
    await pemIn(folder, 'current');
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
    const contents: Record<string, string | Buffer> = {
      p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pkcs8),
      ed25519: generateKeyPairSync('ed25519').privateKey.export(pkcs8),
      rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8),
      text: 'my secret note',
      empty: '',
    };
    for (const [kid, content] of Object.entries(contents))
      await writeFile(join(folder, `next-${kid}.pem`), content);
    await writeFile(join(folder, 'next-huge.pem'), '');
    await truncate(join(folder, 'next-huge.pem'), 2 ** 40);
    const message = await importPemKeys(await newFile(), folder, now).catch(
      ({ message: told }: Error) => told,
    );
    expect(message).not.toContain('secret');
    for (const kid of [...Object.keys(contents), 'huge'])
      expect(message).toContain(`next-${kid}.pem cannot be used: `);
  });
});

import { createCipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { settingsFor, TestClock, temporaryFolder } from '../../test/support/tokens/tokens.ts';
import { MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { rotateKeys } from './key-rotation.js';
import { newKey, serializeKeys } from './key-set.js';
import { Keyring } from './keyring.js';
import { SealBroken, Sealing, UnknownKey, type SealedUse } from './sealing.js';

const SUBJECT = '6f0f2a7e-3b1c-4d5e-8f90-a1b2c3d4e5f6';
const TEXT = '{"secret":"JBSWY3DPEHPK3PXP","名":"ü"}';

async function start() {
  const now = Date.now();
  const file = join(await temporaryFolder(), 'keys.json');
  const keys = [newKey('sig', 'current', now), newKey('enc', 'current', now), newKey('enc', 'previous', now)];
  await writeFile(file, serializeKeys(keys), { mode: 0o600 });
  const keyring = new Keyring(settingsFor(file), new Periodic());
  const clock = new TestClock();
  const secret = Buffer.from(String(keys[1]?.jwk['k']), 'base64url');
  return { file, keyring, clock, sealing: new Sealing(keyring, clock), secret, other: keys[2]?.kid ?? '' };
}

let place: Awaited<ReturnType<typeof start>>;
let sealing: Sealing;
let sealed: string;
beforeAll(async () => {
  place = await start();
  ({ sealing } = place);
  sealed = await sealing.seal('totp', SUBJECT, TEXT);
});

const headerOf = (text: string): unknown =>
  JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** What only somebody with the key can make: a text that is sealed well, under any header. */
function forge(header: unknown, use = 'totp'): string {
  const key = Buffer.from(hkdfSync('sha256', place.secret, '', `gatehouse/${use}/v1`, 32));
  const iv = randomBytes(12);
  const head = encode(header);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(head));
  const text = Buffer.concat([cipher.update(TEXT), cipher.final()]);
  return [head, '', ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

const goodHeader = () => ({
  alg: 'dir',
  enc: 'A256GCM',
  kid: place.keyring.sealing().kid,
  typ: 'totp',
  sub: SUBJECT,
});

describe('a sealed text', () => {
  it('opens for its use and subject', async () => {
    expect(await sealing.open('totp', SUBJECT, sealed)).toBe(TEXT);
  });

  it('is a compact JWE whose header has exactly five members, in their order', () => {
    expect(sealed).toMatch(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(JSON.stringify(headerOf(sealed))).toBe(JSON.stringify(goodHeader()));
  });

  it('is what RFC 7516 says, with a key of its use by HKDF: another maker seals alike', async () => {
    expect(await sealing.open('totp', SUBJECT, forge(goodHeader()))).toBe(TEXT);
  });

  it('is never the same twice, and does not show what is in it', async () => {
    const again = await sealing.seal('totp', SUBJECT, TEXT);
    expect(again).not.toBe(sealed);
    expect(Buffer.from(again.split('.')[3] ?? '', 'base64url').toString()).not.toContain('JBSW');
  });

  it('may be of any text and for any subject', async () => {
    const texts = fc.string({ unit: 'binary', maxLength: 60 });
    const uses = fc.constantFrom('totp', 'challenge', 'outbox');
    await fc.assert(
      fc.asyncProperty(uses, texts, texts, async (use, subject, text) => {
        expect(await sealing.open(use, subject, await sealing.seal(use, subject, text))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  it('still opens after a rotation, and new ones are sealed with the new key', async () => {
    const { file, keyring, sealing: mine } = await start();
    const before = await mine.seal('outbox', '1', 'a');
    await rotateKeys(file, { now: Date.now(), force: true });
    keyring.reread();
    const after = await mine.seal('outbox', '1', 'b');
    expect(headerOf(after)).not.toMatchObject({ kid: Object(headerOf(before)).kid });
    expect([await mine.open('outbox', '1', before), await mine.open('outbox', '1', after)]).toEqual([
      'a',
      'b',
    ]);
  });
});

describe('does not open', () => {
  const expectBroken = async (text: string, use: SealedUse = 'totp', subject = SUBJECT): Promise<void> => {
    await expect(sealing.open(use, subject, text), text).rejects.toThrow(SealBroken);
  };

  it('for another use or subject', async () => {
    await expectBroken(sealed, 'challenge');
    await expectBroken(sealed, 'outbox');
    await expectBroken(sealed, 'totp', SUBJECT.replace('6', '7'));
    await expectBroken(sealed, 'totp', '');
  });

  it.each(['header', 'nonce', 'text', 'tag'] as const)('with any bit of its %s flipped', async (part) => {
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const index = { header: 0, nonce: 2, text: 3, tag: 4 }[part];
    const parts = sealed.split('.');
    const bytes = Buffer.from(parts[index] ?? '', 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const text = parts.with(index, flipped.toString('base64url')).join('.');
      // A bit of the kid makes it another one, which nobody knows.
      await expect(sealing.open('totp', SUBJECT, text), text).rejects.toThrow(/broken|is not in the file/);
    }
  });

  it('with another last character that decodes to the same bytes', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const parts = sealed.split('.');
    let sameBytes = 0;
    for (const index of [0, 2, 3, 4]) {
      const part = parts[index] ?? '';
      for (const last of alphabet) {
        const altered = part.slice(0, -1) + last;
        if (altered === part) continue;
        if (Buffer.from(altered, 'base64url').equals(Buffer.from(part, 'base64url'))) sameBytes++;
        await expectBroken(parts.with(index, altered).join('.'));
      }
    }
    expect(sameBytes).toBeGreaterThan(0);
  });

  const unsealed: ReadonlyArray<readonly [string, () => string]> = [
    ['no text', () => ''],
    ['words', () => 'JBSWY3DPEHPK3PXP'],
    ['four parts', () => sealed.split('.').slice(0, 4).join('.')],
    ['six parts', () => `${sealed}.AAAA`],
    ['an encrypted key', () => sealed.replace('..', '.AAAA.')],
    ['no nonce', () => sealed.replace(/\.\.[^.]+/, '..')],
    ['a shorter tag', () => sealed.slice(0, -4)],
    ['a longer tag', () => `${sealed}AAAA`],
    ['a line break behind it', () => `${sealed}\n`],
    ['a blank before it', () => ` ${sealed}`],
    ['padding', () => `${sealed}=`],
    ['base64 instead of base64url', () => `${sealed.slice(0, -22)}${'+/'.repeat(11)}`],
    ['an empty header', () => sealed.replace(/^[^.]+/, '')],
    ['a header that is no JSON', () => sealed.replace(/^[^.]+/, encode('dir'))],
    ['null as header', () => sealed.replace(/^[^.]+/, encode('null'))],
  ];
  it.each(unsealed)('%s', async (_name, make) => expectBroken(make()));

  // All of these are sealed with the right key, so only our own look at the header refuses them.
  it.each([
    ['another alg', () => ({ ...goodHeader(), alg: 'A256KW' })],
    ['no alg', () => ({ ...goodHeader(), alg: undefined })],
    ['another enc', () => ({ ...goodHeader(), enc: 'A128GCM' })],
    ['a kid that is no text', () => ({ ...goodHeader(), kid: 7 })],
    ['a kid with other characters', () => ({ ...goodHeader(), kid: '../keys' })],
    ['no kid', () => ({ ...goodHeader(), kid: undefined })],
    ['another typ', () => ({ ...goodHeader(), typ: 'TOTP' })],
    ['another sub', () => ({ ...goodHeader(), sub: [SUBJECT] })],
    ['compressed content', () => ({ ...goodHeader(), zip: 'DEF' })],
    ['a critical member', () => ({ ...goodHeader(), crit: ['exp'], exp: 1 })],
    ['a further member', () => ({ ...goodHeader(), exp: 1 })],
    ['another order', () => Object.fromEntries(Object.entries(goodHeader()).toReversed())],
    ['blanks in the header', () => JSON.stringify(goodHeader(), null, 1)],
    ['a member twice', () => JSON.stringify(goodHeader()).replace('{', '{"alg":"dir",')],
    ['escapes in the header', () => JSON.stringify(goodHeader()).replace('dir', '\\u0064ir')],
  ] as const)('well sealed under a header with %s', async (_name, make) => expectBroken(forge(make())));

  it('well sealed under the key of another use', async () => {
    await expectBroken(forge(goodHeader(), 'challenge'));
    await expectBroken(forge(goodHeader(), 'codes'));
  });

  it('under the name of another key that is known', async () => {
    await expectBroken(forge({ ...goodHeader(), kid: place.other }));
  });
});

describe('a key that is not known', () => {
  it('is told apart from a broken seal, and told to the operator once in ten minutes', async () => {
    const told: unknown[] = [];
    const log = vi.spyOn(Logger.prototype, 'error');
    log.mockImplementation((about) => void told.push(about));
    onTestFinished(() => log.mockRestore());
    const { sealing: mine, clock } = await start();
    const open = (kid: string) => mine.open('totp', SUBJECT, forge({ ...goodHeader(), kid }));
    const error = await open('gone').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnknownKey);
    expect(error).toMatchObject({ kid: 'gone' });
    for (let i = 0; i < 100; i++) await expect(open(`made-up-${i}`)).rejects.toThrow(UnknownKey);
    expect(told).toEqual([{ kid: 'gone', use: 'totp' }]);
    clock.time += 10 * MINUTE;
    await expect(open('gone-too')).rejects.toThrow(UnknownKey);
    expect(told).toHaveLength(2);
  });
});

describe('the key of one-time codes', () => {
  it('is derived from the current key, or from the one that is named', async () => {
    const { kid, key } = sealing.codesKey();
    expect(kid).toBe(place.keyring.sealing().kid);
    expect(
      key.equals(
        createSecretKey(Buffer.from(hkdfSync('sha256', place.secret, '', 'gatehouse/codes/v1', 32))),
      ),
    ).toBe(true);
    expect(sealing.codesKey(kid)?.key).toBe(key);
    const other = sealing.codesKey(place.other);
    expect(other?.kid).toBe(place.other);
    expect(other?.key.equals(key)).toBe(false);
    expect(sealing.codesKey('gone')).toBeUndefined();
  });
});

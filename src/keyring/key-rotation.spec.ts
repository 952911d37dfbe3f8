import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { grant, settingsFor, startTokens, temporaryFolder } from '../../test/support/tokens/tokens.ts';
import { HOUR, MINUTE, SECOND } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { generateKeys, retireKeys, rotateKeys } from './key-rotation.js';
import { KEY_USES, newKey, serializeKeys, type Key, type KeyUse } from './key-set.js';
import { KeyUses } from './key-uses.js';
import { Keyring } from './keyring.js';
import { readKeys } from './keys-file.js';

const now = Math.floor(Date.now() / SECOND) * SECOND;
const accessTtl = 15 * MINUTE;

async function fileOf(...keys: readonly Key[]): Promise<string> {
  const file = join(await temporaryFolder(), 'keys.json');
  await writeFile(file, serializeKeys(keys), { mode: 0o600 });
  return file;
}

/** A current and a next key of each use, the latter announced for so long. */
async function announced(age = 11 * MINUTE) {
  const [sig, enc] = KEY_USES.map((use) => ({
    current: newKey(use, 'current', now - HOUR),
    next: newKey(use, 'next', now - age),
  }));
  if (sig === undefined || enc === undefined) throw new Error('unreachable');
  return { sig, enc, file: await fileOf(sig.current, sig.next, enc.current, enc.next) };
}

function statuses(file: string, use: KeyUse): Record<string, string> {
  const keys = readKeys(file).filter((key) => key.use === use);
  return Object.fromEntries(keys.map(({ kid, status }) => [kid, status]));
}

describe('generating', () => {
  it('makes current keys first, then next ones', async () => {
    const file = join(await temporaryFolder(), 'keys.json');
    const words = (keys: readonly Key[]) => keys.map(({ use, status }) => `${status} ${use}`);
    expect(words(await generateKeys(file, { now }))).toEqual(['current sig', 'current enc']);
    expect(words(await generateKeys(file, { now }))).toEqual(['next sig', 'next enc']);
    expect(words(await generateKeys(file, { now, uses: ['enc'] }))).toEqual(['next enc']);
    expect(readKeys(file)).toHaveLength(5);
  });

  it('only adds what is missing to a file that lacks a current key', async () => {
    const file = await fileOf(newKey('sig', 'current', now));
    expect((await generateKeys(file, { now })).map(({ use, status }) => [use, status])).toEqual([
      ['enc', 'current'],
    ]);
  });

  it('at the same time as others loses no key', async () => {
    const { file } = await announced();
    const made = await Promise.all(Array.from({ length: 10 }, () => generateKeys(file, { now })));
    const kids = new Set(readKeys(file).map(({ kid }) => kid));
    for (const { kid } of made.flat()) expect(kids).toContain(kid);
    expect(kids.size).toBe(24);
  });
});

describe('rotating', () => {
  it('moves the keys of both uses one status on, from now on, and makes new next ones', async () => {
    const { file, sig, enc } = await announced();
    const changed = await rotateKeys(file, { now });
    for (const [use, { current, next }] of [
      ['sig', sig],
      ['enc', enc],
    ] as const) {
      const newest = changed.find((key) => key.use === use && key.status === 'next')?.kid ?? '';
      expect(statuses(file, use)).toEqual({
        [next.kid]: 'current',
        [newest]: 'next',
        [current.kid]: 'previous',
      });
    }
    expect(readKeys(file).map(({ since }) => since)).toEqual([now, now, now, now, now, now]);
  });

  it('moves the keys of one use where one is named', async () => {
    const { file, sig, enc } = await announced();
    await rotateKeys(file, { now, uses: ['enc'] });
    expect(statuses(file, 'sig')[sig.current.kid]).toBe('current');
    expect(statuses(file, 'enc')[enc.next.kid]).toBe('current');
  });

  it('waits until the next key is announced for ten minutes, and then changes nothing of the other use either', async () => {
    const { file, sig } = await announced(9 * MINUTE + 30 * SECOND);
    const sealing = statuses(file, 'enc');
    await expect(rotateKeys(file, { now })).rejects.toThrow(
      /too short a time .* rotate in 1 min, or force it/,
    );
    await rotateKeys(file, { now: now + 30 * SECOND, uses: ['sig'] });
    expect(statuses(file, 'sig')[sig.next.kid]).toBe('current');
    await expect(rotateKeys(file, { now: now + 30 * SECOND })).rejects.toThrow('sig key');
    expect(statuses(file, 'enc')).toEqual(sealing);
  });

  it('can be forced, even without a next key', async () => {
    const { file, sig } = await announced(0);
    await rotateKeys(file, { now, force: true });
    expect(statuses(file, 'sig')).toMatchObject({ [sig.next.kid]: 'current', [sig.current.kid]: 'previous' });
    const old = newKey('sig', 'current', now);
    const alone = await fileOf(old);
    await rotateKeys(alone, { now, force: true, uses: ['sig'] });
    expect(Object.values(statuses(alone, 'sig')).toSorted()).toEqual(['current', 'next', 'previous']);
    expect(statuses(alone, 'sig')[old.kid]).toBe('previous');
  });

  it('says what to do when there is no next key', async () => {
    const file = await fileOf(newKey('sig', 'current', now), newKey('enc', 'current', now));
    await expect(rotateKeys(file, { now })).rejects.toThrow(
      /There is no next sig key in .*: generate one, rotate 10 minutes later\./,
    );
  });

  it('takes the next key at once when nothing signs', async () => {
    const next = newKey('sig', 'next', now);
    const file = await fileOf(next);
    await rotateKeys(file, { now, uses: ['sig'] });
    expect(statuses(file, 'sig')[next.kid]).toBe('current');
  });

  it('takes the next key that is announced longest', async () => {
    const { file, sig } = await announced();
    await generateKeys(file, { now });
    await rotateKeys(file, { now });
    expect(statuses(file, 'sig')[sig.next.kid]).toBe('current');
  });

  it('keeps tokens of the old key valid, and the next key already verifies before it signs', async () => {
    const { file } = await announced();
    const { tokens, keys, clock } = await startTokens({ file });
    const before = tokens.issue(grant(clock)).token;
    const aheadOfUs = await startTokens({ file });
    await rotateKeys(file, { now });
    aheadOfUs.keys.reread();
    const after = aheadOfUs.tokens.issue(grant(clock)).token;
    expect(tokens.verify(after)).toBeDefined(); // not yet re-read: known as next
    keys.reread();
    expect(tokens.verify(before)).toBeDefined();
    expect(tokens.verify(after)).toBeDefined();
    expect(tokens.verify(tokens.issue(grant(clock)).token)).toBeDefined();
  });

  it('at the same time as others loses no key, and disturbs nobody who reads meanwhile', async () => {
    const { file } = await announced();
    const keys = new Keyring(settingsFor(file), new Periodic());
    keys.load();
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const rotations = Array.from({ length: 30 }, async () => {
      await rotateKeys(file, { now, force: true });
      keys.reread();
    });
    await Promise.all(rotations);
    expect(log).not.toHaveBeenCalled();
    expect(keys.jwks().keys).toHaveLength(32);
    expect(readKeys(file)).toHaveLength(64);
  });
});

describe('retiring', () => {
  it('removes previous keys that nothing can need any more, and no others', async () => {
    const { file, sig, enc } = await announced();
    await rotateKeys(file, { now });
    const kidsAfter = async (span: number) =>
      (await retireKeys(file, { now: now + span, accessTtl })).retired.map(({ kid }) => kid);
    // Ten minutes for a sealed challenge, fifteen for an access token, and five for replicas and their clocks.
    expect(await kidsAfter(15 * MINUTE - SECOND)).toEqual([]);
    expect(await kidsAfter(15 * MINUTE)).toEqual([enc.current.kid]);
    expect(await kidsAfter(20 * MINUTE - SECOND)).toEqual([]);
    expect(await kidsAfter(20 * MINUTE)).toEqual([sig.current.kid]);
    expect(await kidsAfter(9 * HOUR)).toEqual([]);
    expect(readKeys(file)).toHaveLength(4);
  });

  it('says in whole minutes why a key stays', async () => {
    const { file } = await announced();
    await rotateKeys(file, { now });
    const { kept } = await retireKeys(file, { now: now + MINUTE + SECOND, accessTtl });
    expect(kept).toEqual([
      expect.stringMatching(
        /^Access tokens signed by \S+ may still be valid: retire it in 19 min, or force it/,
      ),
      expect.stringMatching(/^Challenges sealed by \S+ may still be valid: retire it in 14 min, or force it/),
    ]);
  });

  it('refuses a named key that is still needed, unless forced', async () => {
    const { file, sig } = await announced();
    await rotateKeys(file, { now });
    const { kid } = sig.current;
    await expect(retireKeys(file, { now, accessTtl, kid })).rejects.toThrow('may still be valid');
    const { retired } = await retireKeys(file, { now, accessTtl, kid, force: true });
    expect(retired.map((key) => key.kid)).toEqual([kid]);
  });

  it('refuses a named key that is current, next, of another use or unknown', async () => {
    const { file, sig, enc } = await announced();
    const retire = (kid: string, uses: readonly KeyUse[] = KEY_USES) =>
      retireKeys(file, { now, accessTtl, kid, uses, force: true });
    await expect(retire(sig.current.kid)).rejects.toThrow('is current; only a previous key can be retired');
    await expect(retire(enc.next.kid)).rejects.toThrow('is next; only a previous key can be retired');
    await expect(retire(sig.current.kid, ['enc'])).rejects.toThrow(`There is no key ${sig.current.kid}`);
    await expect(retire('../x')).rejects.toThrow('There is no key ../x');
  });

  it('keeps a sealing key while rows name it, and says how many of which tables', async () => {
    const { file, sig, enc } = await announced();
    await rotateKeys(file, { now });
    const named = new KeyUses();
    const rows = new Map([[enc.current.kid, 3]]);
    named.register({ table: 'factors', count: async (kid) => rows.get(kid) ?? 0 });
    named.register({ table: 'one_time_codes', count: async () => 1 });
    named.register({ table: 'outbox', count: async () => 0 });
    const options = { now: now + HOUR, accessTtl, namedBy: (kid: string) => named.inWords(kid) };
    const { retired, kept } = await retireKeys(file, options);
    expect(retired.map(({ kid }) => kid)).toEqual([sig.current.kid]);
    expect(kept).toEqual([
      `The key ${enc.current.kid} is still needed by 3 rows of factors and 1 row of one_time_codes: wait until they are ` +
        'sealed anew or gone, or force it to lose what they hold.',
    ]);
    await expect(retireKeys(file, { ...options, kid: enc.current.kid })).rejects.toThrow('3 rows of factors');
    const forced = await retireKeys(file, { ...options, kid: enc.current.kid, force: true });
    expect(forced.retired).toHaveLength(1);
  });

  it('removes nothing when the rows cannot be counted', async () => {
    const { file } = await announced();
    await rotateKeys(file, { now });
    const namedBy = () => Promise.reject(new Error('the database is away'));
    await expect(retireKeys(file, { now: now + HOUR, accessTtl, namedBy })).rejects.toThrow('is away');
    expect(readKeys(file)).toHaveLength(6);
  });

  it('ends the tokens of a key that is gone', async () => {
    const { file } = await announced();
    const { tokens, keys, clock, kid } = await startTokens({ file });
    const { token } = tokens.issue(grant(clock));
    expect(tokens.verify(token)).toBeDefined();
    await rotateKeys(file, { now });
    await retireKeys(file, { now, accessTtl, kid, force: true });
    keys.reread();
    expect(tokens.verify(token)).toBeUndefined();
  });
});

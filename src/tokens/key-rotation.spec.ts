import { copyFile, readdir, rename, utimes } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { keyPath, listKeys } from './key-files.js';
import { ensureCurrentKey, generateKeyFile, retireKeys, rotateKeys } from './key-rotation.js';
import { SigningKeys } from './signing-keys.js';
import { grant, settingsFor, startTokens, temporaryFolder } from '../../test/support/tokens/tokens.ts';

const accessTtl = 15 * MINUTE;

async function currentOf(dir: string) {
  const keys = new SigningKeys(settingsFor(dir), new Periodic());
  await keys.onModuleInit();
  return keys.current().kid;
}

const states = async (dir: string) =>
  Object.fromEntries((await listKeys(dir)).map((key) => [key.kid, key.state] as const));

/** A folder with a current and a next key, the latter written at `now - age`. */
async function folder(age = 11 * MINUTE) {
  const dir = await temporaryFolder();
  const current = await generateKeyFile(dir, 'current');
  const next = await generateKeyFile(dir, 'next');
  const now = Date.now();
  await utimes(keyPath(dir, 'next', next), new Date(now - age), new Date(now - age));
  return { dir, current, next, now };
}

describe('rotating', () => {
  it('moves every key one state on and makes a new next one', async () => {
    const { dir, current, next, now } = await folder();
    const rotation = await rotateKeys(dir, { now });
    expect(rotation).toEqual({ current: next, previous: current, next: expect.any(String) });
    expect(await states(dir)).toEqual({ [next]: 'current', [rotation.next]: 'next', [current]: 'previous' });
    expect(await readdir(dir)).toHaveLength(3);
  });

  it('keeps tokens of the old key valid, and the next key already verifies before it signs', async () => {
    const { dir } = await folder();
    const { tokens, keys, clock } = await startTokens({ dir });
    const before = tokens.issue(grant(clock)).token;
    const aheadOfUs = await startTokens({ dir });
    await rotateKeys(dir, { now: Date.now() });
    await aheadOfUs.keys.reread();
    const after = aheadOfUs.tokens.issue(grant(clock)).token;
    expect(tokens.verify(after)).toBeDefined(); // not yet re-read: known as next
    await keys.reread();
    expect(tokens.verify(before)).toBeDefined();
    expect(tokens.verify(after)).toBeDefined();
    expect(tokens.verify(tokens.issue(grant(clock)).token)).toBeDefined();
  });

  it('waits until the next key is published for ten minutes', async () => {
    const { dir, current, next, now } = await folder(9 * MINUTE + 30 * SECOND);
    await expect(rotateKeys(dir, { now })).rejects.toThrow(
      /too short a time .* rotate in 1 min, or force it/,
    );
    expect(await currentOf(dir)).toBe(current);
    expect(await rotateKeys(dir, { now: now + 30 * SECOND })).toMatchObject({ current: next });
  });

  it('can be forced, even without a next key', async () => {
    const { dir, current, next, now } = await folder(0);
    expect(await rotateKeys(dir, { now, force: true })).toMatchObject({ current: next, previous: current });
    const alone = await temporaryFolder();
    const old = await generateKeyFile(alone, 'current');
    expect(await rotateKeys(alone, { now, force: true })).toMatchObject({ previous: old });
    expect(await currentOf(alone)).not.toBe(old);
  });

  it('says what to do when there is no next key', async () => {
    const dir = await temporaryFolder();
    await ensureCurrentKey(dir);
    await expect(rotateKeys(dir, { now: Date.now() })).rejects.toThrow(
      /There is no next key in .*: generate one, rotate 10 minutes later\./,
    );
  });

  it('takes the next key at once when nothing signs', async () => {
    const dir = await temporaryFolder();
    const next = await generateKeyFile(dir, 'next');
    expect(await rotateKeys(dir, { now: Date.now() })).toMatchObject({ current: next, previous: undefined });
  });

  it('takes the next key that is published longest', async () => {
    const { dir, next, now } = await folder();
    await generateKeyFile(dir, 'next');
    expect(await rotateKeys(dir, { now })).toMatchObject({ current: next });
  });

  it('refuses to choose between two current keys', async () => {
    const { dir, now } = await folder();
    await generateKeyFile(dir, 'current');
    await expect(rotateKeys(dir, { now })).rejects.toThrow('more than one current key');
  });

  it('has exactly one signing key after each of its steps, and is completed after a crash', async () => {
    const { dir, current, next, now } = await folder();
    await copyFile(keyPath(dir, 'current', current), keyPath(dir, 'previous', current));
    expect(await currentOf(dir)).toBe(current);
    await rename(keyPath(dir, 'next', next), keyPath(dir, 'current', next));
    expect(await currentOf(dir)).toBe(next);
    expect(await states(dir)).toEqual({ [next]: 'current', [current]: 'previous' });

    await expect(rotateKeys(dir, { now })).rejects.toThrow('There is no next key');
    expect((await readdir(dir)).toSorted()).toEqual([`current-${next}.pem`, `previous-${current}.pem`]);
    expect(await currentOf(dir)).toBe(next);
  });

  it('is completed after a crash before the new key signs', async () => {
    const { dir, current, next, now } = await folder();
    await copyFile(keyPath(dir, 'current', current), keyPath(dir, 'previous', current));
    expect(await rotateKeys(dir, { now })).toMatchObject({ current: next, previous: current });
    expect(await readdir(dir)).toHaveLength(3);
  });

  it('does not disturb those who read meanwhile', async () => {
    const { dir } = await folder();
    const keys = new SigningKeys(settingsFor(dir), new Periodic());
    await keys.onModuleInit();
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    onTestFinished(() => log.mockRestore());
    for (let i = 0; i < 30; i++) {
      await Promise.all([rotateKeys(dir, { now: Date.now(), force: true }), keys.reread()]);
    }
    await keys.reread();
    expect(log).not.toHaveBeenCalled();
    expect(keys.jwks().keys).toHaveLength(32);
  });
});

describe('retiring', () => {
  it('removes previous keys whose tokens have all run out, and no others', async () => {
    const { dir, current, next, now } = await folder();
    await rotateKeys(dir, { now });
    expect(await retireKeys(dir, { now: now + accessTtl, accessTtl })).toEqual([]);
    expect(await retireKeys(dir, { now: now + accessTtl + 6 * MINUTE, accessTtl })).toEqual([current]);
    expect(await retireKeys(dir, { now: now + 9 * HOUR, accessTtl })).toEqual([]);
    expect(await states(dir)).toMatchObject({ [next]: 'current' });
  });

  it('counts from the end of signing, not from the making of the key', async () => {
    const { dir, current, now } = await folder();
    await utimes(keyPath(dir, 'current', current), 1_000, 1_000);
    await rotateKeys(dir, { now });
    expect(await retireKeys(dir, { now, accessTtl })).toEqual([]);
  });

  it('refuses a named key that is still needed, unless forced', async () => {
    const { dir, current, now } = await folder();
    await rotateKeys(dir, { now });
    await expect(retireKeys(dir, { now, accessTtl, kid: current })).rejects.toThrow(
      /may still be valid: retire it in \d+ min, or force it/,
    );
    expect(await retireKeys(dir, { now, accessTtl, kid: current, force: true })).toEqual([current]);
  });

  it('refuses a named key that is current or unknown', async () => {
    const { dir, current, next, now } = await folder();
    const retire = (kid: string) => retireKeys(dir, { now, accessTtl, kid, force: true });
    await expect(retire(current)).rejects.toThrow(`The key ${current} is current; only a previous key`);
    await expect(retire(next)).rejects.toThrow(`The key ${next} is next; only a previous key`);
    await expect(retire('../x')).rejects.toThrow('There is no key ../x');
  });

  it('ends the tokens of a key that is gone', async () => {
    const { dir } = await folder();
    const { tokens, keys, clock, kid } = await startTokens({ dir });
    const { token } = tokens.issue(grant(clock));
    expect(tokens.verify(token)).toBeDefined();
    await rotateKeys(dir, { now: Date.now() });
    await retireKeys(dir, { now: Date.now(), accessTtl, kid, force: true });
    await keys.reread();
    expect(tokens.verify(token)).toBeUndefined();
  });

  it('does not bring back the old key of a rotation that was cut off', async () => {
    const { dir, current, next, now } = await folder();
    await copyFile(keyPath(dir, 'current', current), keyPath(dir, 'previous', current));
    await rename(keyPath(dir, 'next', next), keyPath(dir, 'current', next));
    await retireKeys(dir, { now, accessTtl, force: true });
    expect(await readdir(dir)).toEqual([`current-${next}.pem`]);
  });
});

import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { settingsFor, temporaryFolder } from '../../test/support/tokens/tokens.ts';
import { Periodic } from '../platform/time/periodic.js';
import { ensureCurrentKeys, generateKeys } from './key-rotation.js';
import { newKey, serializeKeys } from './key-set.js';
import { Keyring } from './keyring.js';

const now = Date.now();

async function running() {
  const file = join(await temporaryFolder(), 'keys.json');
  await ensureCurrentKeys(file, { now });
  const periodic = new Periodic();
  const keys = new Keyring(settingsFor(file), periodic);
  keys.load();
  const problems: string[] = [];
  const log = vi.spyOn(Logger.prototype, 'error');
  log.mockImplementation((message) => void problems.push(String(message)));
  onTestFinished(() => log.mockRestore());
  return { file, keys, kid: keys.current().kid, periodic, problems };
}

describe('the keyring of a running process', () => {
  it('keeps its keys when the file breaks, says so once for each change, and recovers', async () => {
    const { file, kid, keys, problems } = await running();
    const again = () => {
      for (let i = 0; i < 3; i++) keys.reread();
      expect(keys.current().kid).toBe(kid);
      expect(keys.publicKey(kid)).toBeDefined();
      expect(keys.secret(keys.sealing().kid)).toBeDefined();
    };
    const text = await readFile(file, 'utf8');
    await chmod(file, 0o606);
    again();
    expect(problems).toEqual([expect.stringMatching(/^The keys stay as they were\. Everybody may write to/)]);
    await chmod(file, 0o600);

    await writeFile(file, text.slice(0, 200));
    again();
    expect(problems[1]).toContain('It is no JSON');

    await rm(file);
    again();
    expect(problems[2]).toContain('There is no current key for signing (use "sig")');
    expect(problems[2]).toContain('There is no current key for sealing (use "enc")');

    await writeFile(file, text, { mode: 0o600 });
    again();
    await chmod(file, 0o606);
    again();
    expect(problems).toHaveLength(4);
  });

  it('sees a new key without a restart, and one that is gone', async () => {
    const { file, kid, keys } = await running();
    const before = await readFile(file, 'utf8');
    const [signing, sealing] = await generateKeys(file, { now });
    if (signing === undefined || sealing === undefined) throw new Error('unreachable');
    expect(keys.publicKey(signing.kid)).toBeUndefined();
    keys.reread();
    expect(keys.jwks().keys.map((key) => key.kid)).toEqual([kid, signing.kid]);
    expect(keys.secret(sealing.kid)).toBeDefined();
    await writeFile(`${file}.old`, before, { mode: 0o600 });
    await rename(`${file}.old`, file);
    keys.reread();
    expect(keys.publicKey(signing.kid)).toBeUndefined();
    expect(keys.secret(sealing.kid)).toBeUndefined();
  });

  it('has the same key objects for as long as the file says the same', async () => {
    const { file, keys, kid } = await running();
    const [key, jwks] = [keys.publicKey(kid), keys.jwks()];
    keys.reread();
    expect(keys.publicKey(kid)).toBe(key);
    expect(keys.jwks()).toBe(jwks);
    await generateKeys(file, { now });
    keys.reread();
    expect(keys.publicKey(kid)).not.toBe(key);
  });

  it('publishes the public members of signing keys only, of every status', async () => {
    const file = join(await temporaryFolder(), 'keys.json');
    const statuses = ['current', 'next', 'previous'] as const;
    const signing = statuses.map((status) => newKey('sig', status, now));
    const sealing = statuses.map((status) => newKey('enc', status, now));
    await writeFile(file, serializeKeys([...sealing, ...signing]), { mode: 0o600 });
    const published = new Keyring(settingsFor(file), new Periodic()).jwks();
    const half = expect.stringMatching(/^[\w-]{43}$/);
    expect(published).toEqual({
      keys: signing.map(({ kid }) => ({
        kty: 'EC',
        crv: 'P-256',
        x: half,
        y: half,
        kid,
        alg: 'ES256',
        use: 'sig',
      })),
    });
    const text = JSON.stringify(published);
    for (const { jwk } of [...signing, ...sealing]) {
      for (const secret of [jwk['d'], jwk['k']]) if (secret !== undefined) expect(text).not.toContain(secret);
    }
  });

  it('does not start on a file that lacks a current key, and names the command', async () => {
    const file = join(await temporaryFolder(), 'keys.json');
    const load = () => new Keyring(settingsFor(file), new Periodic()).load();
    expect(load).toThrow(
      /There is no current key for signing .* There is no current key for sealing .* keys generate/,
    );
    await writeFile(file, serializeKeys([newKey('sig', 'current', now), newKey('enc', 'next', now)]));
    expect(load).toThrow(
      /^There is no current key for sealing \(use "enc"\) in \S+: run "npm run cli -- keys generate"\.$/,
    );
  });

  it('reads nothing before it is asked for a key, so a command without keys works', () => {
    const keys = new Keyring(settingsFor('/nowhere/keys.json'), new Periodic());
    expect(() => keys.current()).toThrow('There is no current key');
  });

  it('reads again every 30 seconds until it is stopped', async () => {
    const { keys, periodic } = await running();
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const reread = vi.spyOn(keys, 'reread').mockReturnValue();
    periodic.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reread).toHaveBeenCalledTimes(2);
    await periodic.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reread).toHaveBeenCalledTimes(2);
  });
});

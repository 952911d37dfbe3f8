import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Periodic } from '../platform/time/periodic.js';
import { keyPath } from './key-files.js';
import { generateKeyFile } from './key-rotation.js';
import { SigningKeys } from './signing-keys.js';
import { settingsFor, temporaryFolder } from '../../test/support/tokens/tokens.ts';

describe('SigningKeys in a running process', () => {
  const running = async () => {
    const dir = await temporaryFolder();
    const kid = await generateKeyFile(dir, 'current');
    const periodic = new Periodic();
    const keys = new SigningKeys(settingsFor(dir), periodic);
    await keys.onModuleInit();
    const problems: string[] = [];
    const log = vi.spyOn(Logger.prototype, 'error');
    log.mockImplementation((message) => void problems.push(message));
    onTestFinished(() => log.mockRestore());
    return { dir, kid, keys, periodic, problems };
  };

  it('keeps its keys when the folder breaks, says so once for each change, and recovers', async () => {
    const { dir, kid, keys, problems } = await running();
    await chmod(dir, 0o777);
    for (let i = 0; i < 3; i++) await keys.reread();
    expect(keys.current().kid).toBe(kid);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^The signing keys stay as they were\. Everybody may write into/);

    await chmod(dir, 0o700);
    await rename(keyPath(dir, 'current', kid), join(dir, 'elsewhere'));
    for (let i = 0; i < 3; i++) await keys.reread();
    expect(keys.current().kid).toBe(kid);
    expect(problems).toHaveLength(2);

    await rename(join(dir, 'elsewhere'), keyPath(dir, 'current', kid));
    await keys.reread();
    await chmod(dir, 0o777);
    await keys.reread();
    expect(problems).toHaveLength(3);
  });

  it('keeps its keys when a file is cut short', async () => {
    const { dir, kid, keys, problems } = await running();
    const path = keyPath(dir, 'current', kid);
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 80));
    await keys.reread();
    expect(keys.current().kid).toBe(kid);
    expect(keys.publicKey(kid)).toBeDefined();
    expect(problems).toHaveLength(1);
  });

  it('sees a new key without a restart, and one that is gone', async () => {
    const { dir, kid, keys } = await running();
    const next = await generateKeyFile(dir, 'next');
    expect(keys.publicKey(next)).toBeUndefined();
    await keys.reread();
    expect(keys.jwks().keys.map((key) => key.kid)).toEqual([kid, next]);
    await rename(keyPath(dir, 'next', next), join(dir, 'removed'));
    await keys.reread();
    expect(keys.publicKey(next)).toBeUndefined();
  });

  it('publishes public members only', async () => {
    const { keys, kid } = await running();
    expect(keys.jwks()).toEqual({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.stringMatching(/^[\w-]{43}$/),
          y: expect.stringMatching(/^[\w-]{43}$/),
          kid,
          alg: 'ES256',
          use: 'sig',
        },
      ],
    });
  });

  it('insists on a usable folder at its start, and says when it was never started', async () => {
    const keys = new SigningKeys(settingsFor(await temporaryFolder()), new Periodic());
    expect(() => keys.current()).toThrow('before they are read');
    await expect(keys.onModuleInit()).rejects.toThrow('There is no current key');
  });

  it('reads again every 30 seconds until it is stopped', async () => {
    const { keys, periodic } = await running();
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const reread = vi.spyOn(keys, 'reread').mockResolvedValue();
    periodic.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reread).toHaveBeenCalledTimes(2);
    await periodic.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reread).toHaveBeenCalledTimes(2);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyPath } from './key-files.js';
import { ensureCurrentKey, generateKeyFile } from './key-rotation.js';
import { temporaryFolder } from '../../test/support/tokens/tokens.ts';

describe('ensuring a current key', () => {
  it('makes one where there is none, and leaves it alone from then on', async () => {
    const dir = join(await temporaryFolder(), 'keys');
    const kid = await ensureCurrentKey(dir);
    expect(await ensureCurrentKey(dir)).toBe(kid);
    expect(await readdir(dir)).toEqual([`current-${kid}.pem`]);
  });

  it('makes one key for many at once', async () => {
    for (let round = 0; round < 10; round++) {
      const dir = await temporaryFolder();
      const kids = await Promise.all(Array.from({ length: 20 }, () => ensureCurrentKey(dir)));
      expect(new Set(kids).size).toBe(1);
      expect(await readdir(dir)).toEqual([`current-${kids[0]}.pem`]);
    }
  });

  it('makes one key for several processes at once', async () => {
    const dirs = await Promise.all(Array.from({ length: 15 }, () => temporaryFolder()));
    const file = join(import.meta.dirname, 'key-rotation.ts');
    const script = `
      const { runnerImport } = await import('vite');
      const { module } = await runnerImport(${JSON.stringify(file)},
        { configFile: false, logLevel: 'silent', oxc: { decorator: { legacy: true } } });
      process.stdout.write('ready');
      process.stdin.once('data', async () => {
        const kids = [];
        for (const dir of ${JSON.stringify(dirs)}) kids.push(await module.ensureCurrentKey(dir));
        process.stdout.write(kids.join());
        process.exit();
      });`;
    const processes = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ['--import', 'reflect-metadata', '--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(processes.map((child) => once(child.stdout, 'data')));
    const answers = processes.map(async (child) => String((await once(child.stdout, 'data'))[0]));
    for (const child of processes) child.stdin.write('go');
    const kids = (await Promise.all(answers)).map((answer) => answer.split(','));
    for (const [i, dir] of dirs.entries()) {
      const [kid] = await readdir(dir);
      expect(kids.map((of) => `current-${of[i]}.pem`)).toEqual([kid, kid, kid]);
      expect(await readdir(dir)).toHaveLength(1);
    }
  });

  it('goes on where a killed process stopped', async () => {
    const dir = await temporaryFolder();
    const kid = await generateKeyFile(dir, 'next');
    await rename(keyPath(dir, 'next', kid), join(dir, '.first-key.pem'));
    expect(await ensureCurrentKey(dir)).toBe(kid);
    expect(await readdir(dir)).toEqual([`current-${kid}.pem`]);
  });

  it('does not replace a current key that it cannot use', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'current-a.pem'), 'broken', { mode: 0o600 });
    expect(await ensureCurrentKey(dir)).toBe('a');
    await unlink(join(dir, 'current-a.pem'));
    expect(await ensureCurrentKey(dir)).not.toBe('a');
  });

  it('makes none where anybody could slip in another', async () => {
    const dir = await temporaryFolder();
    await chmod(dir, 0o1777);
    await expect(ensureCurrentKey(dir)).rejects.toThrow('Everybody may add files to');
    expect(await readdir(dir)).toEqual([]);
  });
});

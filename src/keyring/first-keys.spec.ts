import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/tokens/tokens.ts';
import { ensureCurrentKeys } from './key-rotation.js';
import { newKey, serializeKeys } from './key-set.js';
import { readKeys } from './keys-file.js';

const now = Date.now();
const PROCESSES = 8;

describe('ensuring current keys', () => {
  it('makes one of each use where there is none, and leaves them alone from then on', async () => {
    const file = join(await temporaryFolder(), 'data', 'keys.json');
    const made = await ensureCurrentKeys(file, { now });
    expect(made.map(({ use, status }) => [use, status])).toEqual([
      ['sig', 'current'],
      ['enc', 'current'],
    ]);
    const text = await readFile(file, 'utf8');
    expect(await ensureCurrentKeys(file, { now })).toEqual([]);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('adds a sealing key to a file that only signs', async () => {
    const file = join(await temporaryFolder(), 'keys.json');
    const signing = newKey('sig', 'current', now);
    await writeFile(file, serializeKeys([signing]), { mode: 0o600 });
    expect((await ensureCurrentKeys(file, { now })).map(({ use }) => use)).toEqual(['enc']);
    expect(readKeys(file).map(({ kid }) => kid)).toContain(signing.kid);
  });

  it('makes one of each use for many at once', async () => {
    for (let round = 0; round < 5; round++) {
      const file = join(await temporaryFolder(), 'keys.json');
      const made = await Promise.all(Array.from({ length: 20 }, () => ensureCurrentKeys(file, { now })));
      expect(made.flat()).toHaveLength(2);
      expect(readKeys(file)).toHaveLength(2);
    }
  });

  it(`makes one of each use for ${PROCESSES} processes at once`, { timeout: 60_000 }, async () => {
    const files = await Promise.all(
      Array.from({ length: 20 }, async () => join(await temporaryFolder(), 'data', 'keys.json')),
    );
    const module = join(import.meta.dirname, 'key-rotation.ts');
    const script = `
      const { runnerImport } = await import('vite');
      const { module } = await runnerImport(${JSON.stringify(module)},
        { configFile: false, logLevel: 'silent', oxc: { decorator: { legacy: true } } });
      process.stdout.write('ready');
      process.stdin.once('data', async () => {
        let made = 0;
        for (const file of ${JSON.stringify(files)}) {
          made += (await module.ensureCurrentKeys(file, { now: Date.now() })).length;
        }
        process.stdout.write(String(made));
        process.exit();
      });`;
    const processes = Array.from({ length: PROCESSES }, () =>
      spawn(process.execPath, ['--import', 'reflect-metadata', '--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(processes.map((child) => once(child.stdout, 'data')));
    const answers = processes.map(async (child) => Number(String((await once(child.stdout, 'data'))[0])));
    for (const child of processes) child.stdin.write('go');
    const made = await Promise.all(answers);
    expect(made.reduce((sum, one) => sum + one)).toBe(2 * files.length);
    for (const file of files) expect(readKeys(file).map(({ use }) => use)).toEqual(['sig', 'enc']);
  });
});

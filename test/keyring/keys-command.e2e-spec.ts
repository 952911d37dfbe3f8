import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { inModules } from '../../src/cli/modules.ts';
import { KeyUses } from '../../src/keyring/key-uses.ts';
import { readKeys } from '../../src/keyring/keys-file.ts';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { startApp } from '../support/app.ts';
import { buildProgram, runProgram, type Program } from '../support/built-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let dist = '';
let place: TestDatabase;
let file = '';
beforeAll(async () => {
  [dist, place] = await Promise.all([buildProgram(), createTestDatabase()]);
  file = join(place.env['DATA_DIR'] ?? '', 'keys.json');
}, 120_000);
afterAll(() => place.drop());

function start(...args: readonly string[]): Program {
  return runProgram(dist, 'src/cli/main.js', { args: [...args], env: { ...place.env } });
}

async function keys(...args: readonly string[]): Promise<[code: unknown, told: string]> {
  const program = start('keys', ...args);
  return [await program.end(), program.output + program.errors];
}

/** Lets what is next or previous be so for longer. */
function age(minutes: number): void {
  const set: { keys: Array<{ status: string; status_at: number }> } = JSON.parse(readFileSync(file, 'utf8'));
  for (const key of set.keys) if (key.status !== 'current') key.status_at -= (minutes * MINUTE) / 1_000;
  writeFileSync(`${file}.aged`, JSON.stringify(set), { mode: 0o600 });
  renameSync(`${file}.aged`, file);
}

const lines = (...patterns: readonly string[]) =>
  new RegExp(`^${patterns.map((one) => `${one}\n`).join('')}$`);
const KID = '[\\w-]{22,43}';

describe('the keys command', { timeout: 60_000 }, () => {
  it('makes, rotates and retires the keys of both uses, or of one', async () => {
    expect(await keys('generate')).toEqual([
      0,
      expect.stringMatching(lines(`current  sig ${KID}`, `current  enc ${KID}`)),
    ]);
    expect(await keys('rotate')).toEqual([1, expect.stringContaining('There is no next sig key')]);
    expect(await keys('generate', '--use', 'enc')).toEqual([
      0,
      expect.stringMatching(lines(`next     enc ${KID}`)),
    ]);
    expect(await keys('rotate', '--use', 'enc')).toEqual([1, expect.stringContaining('rotate in 10 min')]);
    age(10);
    const moved = ['current ', 'previous', 'next    '].map((status) => `${status} enc ${KID}`);
    expect(await keys('rotate', '--use', 'enc')).toEqual([0, expect.stringMatching(lines(...moved))]);
    const [, list] = await keys('list');
    expect(list.split('\n').map((line) => line.slice(0, 12))).toEqual([
      'current  sig',
      'current  enc',
      'next     enc',
      'previous enc',
      '',
    ]);
    expect(await keys('retire')).toEqual([
      0,
      expect.stringMatching(
        /^Challenges sealed by \S+ may still be valid: retire it in 15 min.*\nNothing to retire\.\n$/,
      ),
    ]);
  });

  it('lets a sealing key go when nothing needs it any more, and not before', async () => {
    age(14);
    // What may still be sealed with it stands in the database.
    expect(await start('migrate', 'up').end()).toBe(0);
    const previous = readKeys(file).find(({ status }) => status === 'previous')?.kid ?? '';
    expect(await keys('retire', previous)).toEqual([1, expect.stringContaining('retire it in 1 min')]);
    age(1);
    expect(await keys('retire', previous)).toEqual([0, `retired  enc ${previous}\n`]);
    expect(await keys('retire')).toEqual([0, 'Nothing to retire.\n']);
  });

  it('asks every module that the server has about the rows that name a key', async () => {
    const app = await startApp();
    try {
      const tables = (modules: INestApplicationContext) =>
        modules.get(KeyUses, { strict: false }).users.map(({ table }) => table);
      const inServer = tables(app.nest);
      expect((await inModules(app.config, async (modules) => tables(modules))).toSorted()).toEqual(
        inServer.toSorted(),
      );
    } finally {
      await app.close();
    }
  });

  if (inject('lane') === 'sqlite') {
    it('loses no key to another one at the same time', async () => {
      const before = readKeys(file).length;
      const all = [['generate'], ['rotate', '--force'], ['generate'], ['rotate', '--force']];
      const done = await Promise.all(all.map((args) => keys(...args)));
      expect(done.map(([code]) => code)).toEqual([0, 0, 0, 0]);
      const told = done.flatMap(([, text]) => [...text.matchAll(/^\w+ +\w+ (\S+)$/gm)].map(([, kid]) => kid));
      const kids = readKeys(file).map(({ kid }) => kid);
      for (const kid of told) expect(kids).toContain(kid);
      // Each makes a key of each use, and the first that finds no next sig key makes one more at most.
      expect(kids.length).toBeGreaterThanOrEqual(before + 8);
    });

    it('leaves a usable file whenever it is killed', async () => {
      const known = readKeys(file).map(({ kid }) => kid);
      for (let round = 0; round < 8; round++) {
        const program = start('keys', 'rotate', '--force');
        await sleep(300 + Math.random() * 500);
        await program.stop('SIGKILL');
        const found = readKeys(file);
        expect(found.filter(({ status }) => status === 'current')).toHaveLength(2);
        for (const kid of known) expect(found.map((key) => key.kid)).toContain(kid);
      }
      expect((await keys('rotate', '--force'))[0], 'and no lock is left').toBe(0);
    });
  }
});

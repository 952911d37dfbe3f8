import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { lockFile } from '../../src/database/locks.ts';
import { buildProgram, runProgram, type Program } from '../support/built-program.ts';

const PASSWORD = 'tidal-marble-orchard-57';

let dist = '';
let root = '';
/** A data folder that no other test uses, and the database file in it. */
let folder = '';
let file = '';
const started: Program[] = [];

function run(dataDir: string, args: readonly string[] = []): Program {
  const env = { DATA_DIR: dataDir, BOOTSTRAP_ADMIN_PASSWORD: PASSWORD, HASH_WAIT: '20s' };
  const program = runProgram(dist, args.length > 0 ? 'src/cli/main.js' : 'src/main.js', { env, args });
  started.push(program);
  return program;
}

/** The one line that a start which fails says. */
async function refusal(dataDir: string, args: readonly string[] = []): Promise<string> {
  const program = run(dataDir, args);
  expect(await program.end(), program.output).toBe(1);
  const lines = program.errors.trimEnd().split('\n');
  expect(lines, program.errors).toHaveLength(1);
  return lines[0] ?? '';
}

function newFolder(): string {
  return mkdtempSync(join(root, 'data-'));
}

async function call(url: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${url}${path}`, init);
  return { status: answer.status, text: await answer.text() };
}

const signIn = (url: string) => call(url, '/signin', { username: 'admin', password: PASSWORD });

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await sleep(50);
  }
}

function errorLines({ output }: Program): string[] {
  return output.split('\n').filter((line) => line.includes('"level":"error"'));
}

describe.runIf(inject('lane') === 'sqlite')('the file of the database', { timeout: 90_000 }, () => {
  beforeAll(async () => {
    dist = await buildProgram();
    root = mkdtempSync(join(tmpdir(), 'gatehouse-files-'));
  }, 120_000);
  beforeEach(() => {
    folder = newFolder();
    file = join(folder, 'gatehouse.sqlite');
  });
  afterEach(async () => {
    for (const program of started.splice(0)) await program.stop('SIGKILL');
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('has one server, whichever link it is reached by', async () => {
    await run(folder).untilReady();
    const [byFile, byFolder] = [newFolder(), join(newFolder(), 'link')];
    symlinkSync(file, join(byFile, 'gatehouse.sqlite'));
    symlinkSync(folder, byFolder);
    for (const other of [byFile, byFolder]) {
      expect(await refusal(other)).toMatch(/^DATA_DIR: another Gatehouse server/);
    }
  });

  it('is refused under a second name, where SQLite would keep a second log', async () => {
    const first = run(folder);
    await first.untilReady();
    await first.stop('SIGTERM');
    const other = newFolder();
    linkSync(file, join(other, 'gatehouse.sqlite'));
    for (const one of [folder, other]) {
      expect(await refusal(one)).toMatch(/^DATA_DIR: .*gatehouse\.sqlite has 2 names \(hard links\).*Remove/);
    }
    expect(await refusal(other, ['migrate', 'status'])).toMatch(/^DATA_DIR: .*hard links/);
    rmSync(join(other, 'gatehouse.sqlite'));
    await run(folder).untilReady();
  });

  it('has one server, also right after the lock file was removed, which is made again', async () => {
    const first = run(folder);
    const url = await first.untilReady();
    rmSync(`${file}.server`);
    expect(await refusal(folder)).toMatch(/^DATA_DIR: another Gatehouse server/);
    rmSync(`${file}.server`, { force: true });
    await until(() => existsSync(`${file}.server`), 'the lock file');
    expect(lockFile(`${file}.server`)).toBeUndefined();
    expect((await signIn(url)).status).toBe(200);
  });

  it('loses its server in order when another process has taken the lock', async () => {
    const first = run(folder);
    await first.untilReady();
    rmSync(`${file}.server`);
    const taken = lockFile(`${file}.server`);
    expect(taken).toBeDefined();
    expect(await first.end()).toBe(1);
    expect(first.errors.trimEnd()).toMatch(/^DATA_DIR: the lock file .*\.server was removed, and another.*/);
    expect(errorLines(first)).toHaveLength(1);
    taken?.release();
    const again = run(folder);
    expect((await signIn(await again.untilReady())).status).toBe(200);
  });

  it('that was replaced is not written any more, and is whole after the restart', async () => {
    const first = run(folder);
    const url = await first.untilReady();
    const copy = join(folder, 'copy.sqlite');
    const database = new BetterSqlite3(file);
    database.exec(`VACUUM INTO '${copy}'`);
    database.close();
    expect((await signIn(url)).status).toBe(200);
    renameSync(copy, file);
    const answers = [await signIn(url), await signIn(url)];
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(answers[0]?.text).toContain('"code":10010');
    const ready = await call(url, '/health/ready');
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('"database":"down"')]);
    expect((await call(url, '/health/live')).status).toBe(200);
    const told = errorLines(first).filter((line) => line.includes('removed or replaced under'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('restart the server');
    expect(await first.stop('SIGTERM')).toBe(0);

    const second = run(folder);
    expect((await signIn(await second.untilReady())).status).toBe(200);
    const after = new BetterSqlite3(file, { readonly: true });
    expect(after.pragma('integrity_check', { simple: true })).toBe('ok');
    // The session that was opened after the copy was made belongs to the other file.
    expect(after.prepare('SELECT COUNT(*) FROM sessions').pluck().get()).toBe(1);
    after.close();
  });

  it('that is gone is noticed by a server that nobody asks, and served again when it is back', async () => {
    const first = run(folder);
    const url = await first.untilReady();
    expect((await signIn(url)).status).toBe(200);
    renameSync(file, `${file}.away`);
    await until(() => errorLines(first).length > 0, 'the error line');
    expect((await call(url, '/health/ready')).status).toBe(503);
    expect((await signIn(url)).status).toBe(503);
    renameSync(`${file}.away`, file);
    // A read may go by a look at the file that is 100 ms old, and periodic work may just have had one.
    await sleep(100);
    expect((await call(url, '/health/ready')).status).toBe(200);
    expect((await signIn(url)).status).toBe(200);
    expect(first.output).toContain('is back and in use again');
    expect(await first.stop('SIGTERM')).toBe(0);
    const second = run(folder);
    await second.untilReady();
    const after = new BetterSqlite3(file, { readonly: true });
    expect(after.prepare('SELECT COUNT(*) FROM sessions').pluck().get()).toBe(2);
    after.close();
  });

  it('is refused by name where it is a pipe, a folder or a device', async () => {
    for (const name of ['', '-wal', '-shm', '.server', '.migrate'].map((end) => `gatehouse.sqlite${end}`)) {
      const places = [newFolder(), newFolder(), newFolder()] as const;
      execFileSync('mkfifo', [join(places[0], name)]);
      mkdirSync(join(places[1], name));
      symlinkSync('/dev/zero', join(places[2], name));
      const told = new RegExp(`^DATA_DIR: .*/${name.replaceAll('.', '\\.')} is no regular file`);
      for (const refused of await Promise.all(places.map((place) => refusal(place)))) {
        expect(refused).toMatch(told);
      }
    }
    const place = newFolder();
    execFileSync('mkfifo', [join(place, 'gatehouse.sqlite')]);
    expect(await refusal(place, ['migrate', 'status'])).toMatch(/^DATA_DIR: .*no regular file/);
    copyFileSync('/dev/null', join(place, 'plain'));
    expect(await refusal(join(place, 'plain'))).toMatch(/^DATA_DIR: /);
  });
});

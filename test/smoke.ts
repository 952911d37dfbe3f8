/**
 * `node test/smoke.ts [folder]`: the built program in `folder` (here, if none is given), started with `npm start` as
 * the README says and asked with curl, on SQLite and on MySQL. It sees what no test under vitest can: the compiled
 * output, the start, the first password, the signal. Its last line is `N passed, N failed`.
 *
 * Node runs this file as it stands, so it keeps to TypeScript that can be erased.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { createMysqlDatabase, dropMysqlDatabase } from './support/mysql-database.ts';
import { openMysqlServer } from './support/mysql-server.ts';
import { StartedProgram } from './support/started-program.ts';

const Renewal = z.object({
  code: z.literal(0),
  data: z.object({ access_token: z.string().min(1) }),
  msg: z.string(),
});
const SignIn = Renewal.extend({
  data: z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1) }),
});

const folder = resolve(process.argv[2] ?? '.');
let passed = 0;
let failed = 0;

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-smoke-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
// By default a signal would pass the exit handlers by: this one, and the one that takes the started program away.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await lane('SQLite', async () => onDatabase('SQLite', {}));
await lane('MySQL', async () => {
  const server = await openMysqlServer();
  try {
    const url = await createMysqlDatabase(server.url);
    try {
      await onDatabase('MySQL', { DATABASE_URL: url });
    } finally {
      await dropMysqlDatabase(url);
    }
  } finally {
    await server.close();
  }
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function onDatabase(name: string, settings: Record<string, string>): Promise<void> {
  // Not there yet: the program makes the folder it is told to use.
  const dataDir = join(scratch, name);
  const step = (what: string, work: () => Promise<void>): Promise<void> => takeStep(`${name}: ${what}`, work);
  let password = '';
  await withProgram({ ...settings, DATA_DIR: dataDir }, async (program) => {
    await step('npm start builds and becomes ready', () => program.untilReady());
    await step('the first start prints a password', async () => {
      password = /Password\s+(\S+)/.exec(program.output)?.[1] ?? '';
      assert.match(program.output, /User name/);
      assert.notEqual(password, '');
    });
    await step('sign-in, renewal, /me, sign-out, /me again', () => wholeSession(program, password));
    await step('SIGTERM with a kept-alive connection open exits 0', async () => {
      await program.keepConnectionOpen();
      assert.equal(await program.stop(), 0);
    });
  });

  await withProgram({ ...settings, DATA_DIR: dataDir }, async (program) => {
    await step('a second start on the same data becomes ready', () => program.untilReady());
    await step('it does not print the password again, which still signs in', async () => {
      assert.ok(!program.output.includes(password));
      await signIn(program, password);
    });
    await step('SIGTERM exits 0', async () => assert.equal(await program.stop(), 0));
  });
}

async function wholeSession(program: StartedProgram, password: string): Promise<void> {
  const refused = await program.call('POST', '/signin', {
    body: { username: 'admin', password: `${password}x` },
  });
  assert.equal(refused.status, 401);

  const first = await signIn(program, password);
  const renewal = await program.call('POST', '/tokens/renew_access', {
    body: { refresh_token: first.refresh_token },
  });
  assert.equal(renewal.status, 200, JSON.stringify(renewal));
  const renewed = Renewal.parse(renewal.body).data;

  for (const token of [first.access_token, renewed.access_token]) {
    const me = await program.call('GET', '/me', { token });
    assert.equal(me.status, 200, JSON.stringify(me));
  }
  const signOut = await program.call('POST', '/signout', { token: renewed.access_token });
  assert.equal(signOut.status, 200, JSON.stringify(signOut));
  for (const token of [first.access_token, renewed.access_token]) {
    assert.equal((await program.call('GET', '/me', { token })).status, 401);
  }
}

async function signIn(program: StartedProgram, password: string): Promise<z.infer<typeof SignIn>['data']> {
  const answer = await program.call('POST', '/signin', { body: { username: 'admin', password } });
  assert.equal(answer.status, 200, JSON.stringify(answer));
  return SignIn.parse(answer.body).data;
}

async function withProgram(
  settings: Record<string, string>,
  work: (program: StartedProgram) => Promise<void>,
): Promise<void> {
  const program = await StartedProgram.start(folder, settings);
  try {
    await work(program);
  } catch (error) {
    console.log(`--- what the program wrote\n${program.output}---`);
    throw error;
  } finally {
    program.kill();
  }
}

/** Counts a step. A step that fails ends its lane: those after it build on it. */
async function takeStep(what: string, work: () => Promise<void>): Promise<void> {
  const begun = Date.now();
  await work().catch((error: unknown) => {
    throw new Error(what, { cause: error });
  });
  passed += 1;
  console.log(`ok      ${what} (${Date.now() - begun} ms)`);
}

async function lane(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}`, error);
  }
}

import { renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startApp, type CreatedUser, type TestApp } from '../support/app.ts';
import { expectFailure } from '../support/envelope.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** The calls are made over and over. */
const NO_LIMITS = { CODE_ADDRESS_REQUESTS: '1000000', CODE_SENDS: '1000000' };

let place: TestDatabase;
let proxy: TcpProxy;
let app: TestApp;
let token = '';
let refreshToken = '';

async function timed<T>(work: Promise<T>): Promise<{ answer: T; took: number }> {
  const begun = Date.now();
  const answer = await work;
  return { answer, took: Date.now() - begun };
}

/** One call of each kind that needs the database. */
function calls() {
  const body = { username: app.admin.username, password: app.admin.password };
  return [
    app.call('GET', '/me', { token }),
    app.call('POST', '/signin', { body }),
    app.call('POST', '/tokens/renew_access', { body: { refresh_token: refreshToken } }),
    app.call('POST', '/tokens/revoke', { body: { refresh_token: 'unknown' } }),
    app.call('POST', '/tokens/introspect', { token, body: { token } }),
    app.call('GET', '/tokens/changes?wait=20', { token }),
    app.call('POST', '/password/codes', { body: { username: app.admin.username } }),
    app.call('POST', '/me/totp', { token }),
    app.call('GET', '/me/factors', { token }),
    app.call('PUT', '/applications/shop/permissions', { token, body: { permissions: [{ code: 'a:b' }] } }),
  ];
}

async function untilWell(deadline: number): Promise<void> {
  const end = Date.now() + deadline;
  for (;;) {
    const answers = await Promise.all(calls());
    if (answers.every(({ status }) => status === 200)) return;
    if (Date.now() > end) throw new Error(`still ${answers.map(({ status }) => status).join(', ')}`);
    await sleep(100);
  }
}

/** What the log says of failures, without the lines of the requests themselves. */
function errorLines(): Array<{ err?: { message: string }; omitted?: number }> {
  return app.lines.filter((line) => line.includes('"level":"error"')).map((line) => JSON.parse(line));
}

/** Many requests that fail, and what the log says of them: a line for each cause and second, and how many it left out. */
async function expectFewLines(): Promise<void> {
  const before = errorLines().length;
  const begun = Date.now();
  const failed = 300;
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: failed / 3 }, () => app.call('GET', '/me', { token })),
    );
    for (const answer of answers) expectFailure(answer, 503, 10010);
  }
  await sleep(1_000);
  expectFailure(await app.call('GET', '/me', { token }), 503, 10010);
  const seconds = Math.ceil((Date.now() - begun) / 1_000);
  const lines = errorLines().slice(before);
  const causes = new Set(lines.map(({ err }) => err?.message));
  expect(causes.size).toBeLessThanOrEqual(3);
  expect(lines.length).toBeLessThanOrEqual(causes.size * seconds);
  const told = lines.reduce((sum, { omitted = 0 }) => sum + 1 + omitted, 0);
  expect(told).toBeLessThanOrEqual(failed + 1);
  expect(told).toBeGreaterThan(failed / 2);
}

if (inject('lane') === 'mysql') {
  describe('a database server', () => {
    beforeAll(async () => {
      place = await createTestDatabase();
      const url = new URL(place.env['DATABASE_URL'] ?? '');
      proxy = await TcpProxy.to(url.hostname, Number(url.port || 3306));
      url.hostname = '127.0.0.1';
      url.port = String(proxy.port);
      app = await startApp({ testDatabase: place, env: { ...NO_LIMITS, DATABASE_URL: url.href } });
      ({ access_token: token, refresh_token: refreshToken } = await app.signIn());
      await app.call('POST', '/applications', { token, body: { key: 'shop', name: 'The shop' } });
    });
    afterAll(async () => {
      await app.close();
      await proxy.close();
      await place.drop();
    });

    it(
      'that freezes makes every call end with 503 within 3 seconds, and is used again when it thaws',
      { timeout: 40_000 },
      async () => {
        proxy.freeze();
        for (let round = 0; round < 3; round += 1) {
          for (const { answer, took } of await Promise.all([...calls(), ...calls()].map(timed))) {
            expectFailure(answer, 503, 10010);
            expect(answer.headers['retry-after']).toMatch(/^\d+$/);
            expect(took).toBeLessThan(3_000);
          }
          expect((await app.call('GET', '/health/live')).status).toBe(200);
          const ready = await timed(app.call('GET', '/health/ready'));
          expect([ready.answer.status, ready.answer.text]).toEqual([
            503,
            expect.stringContaining('"database":"down"'),
          ]);
          expect(ready.took).toBeLessThan(3_000);
        }
        proxy.thaw();
        await untilWell(5_000);
        expect((await app.call('GET', '/health/ready')).status).toBe(200);
      },
    );

    it('that refuses connections is told of in few lines', { timeout: 40_000 }, async () => {
      proxy.refuse();
      await expectFewLines();
      proxy.letIn();
      await untilWell(5_000);
    });

    it(
      'that is killed makes calls end with 503 at once, and is used again when it is back',
      { timeout: 40_000 },
      async () => {
        for (let round = 0; round < 3; round += 1) {
          const running = calls().map(timed);
          proxy.cut();
          for (const { answer, took } of await Promise.all(running)) {
            expect([200, 503]).toContain(answer.status);
            expect(took).toBeLessThan(3_000);
          }
          await untilWell(5_000);
        }
      },
    );
  });
} else {
  describe('a database file that is gone', () => {
    beforeAll(async () => {
      app = await startApp({ env: NO_LIMITS });
      ({ access_token: token, refresh_token: refreshToken } = await app.signIn());
      await app.call('POST', '/applications', { token, body: { key: 'shop', name: 'The shop' } });
    });
    afterAll(() => app.close());

    it('is told of in few lines', { timeout: 40_000 }, async () => {
      const { database } = app.config;
      if (database.kind !== 'sqlite') throw new Error('this is the lane of SQLite');
      renameSync(database.file, `${database.file}.away`);
      const body = { username: app.admin.username, password: app.admin.password };
      expectFailure(await app.call('POST', '/signin', { body }), 503, 10010);
      await sleep(1_000);
      await expectFewLines();
      renameSync(`${database.file}.away`, database.file);
      await untilWell(5_000);
    });
  });

  describe('a disk that is full', () => {
    let filler: CreatedUser;
    beforeAll(async () => {
      app = await startApp({ env: NO_LIMITS });
      ({ access_token: token, refresh_token: refreshToken } = await app.signIn());
      await app.call('POST', '/applications', { token, body: { key: 'shop', name: 'The shop' } });
      filler = await app.createUser();
    });
    afterAll(() => app.close());

    it('makes writes end with 503, while reads go on and the service stays ready', async () => {
      // What SQLite meets on a full disk, too: a file that cannot grow.
      await app.database.query('PRAGMA max_page_count = 1');
      // Somebody else fills it: so many sign-ins would replace the session whose renewal is asked for below.
      const body = { username: filler.username, password: filler.password };
      let full = 0;
      for (let attempt = 0; attempt < 200 && full < 3; attempt += 1) {
        const answer = await app.call('POST', '/signin', { body });
        if (answer.status === 200) continue;
        expectFailure(answer, 503, 10010);
        full += 1;
      }
      expect(full).toBe(3);
      const renewal = { body: { refresh_token: refreshToken } };
      expect((await app.call('POST', '/tokens/renew_access', renewal)).status).toBe(200);
      expect((await app.call('GET', '/me', { token })).status).toBe(200);
      expect((await app.call('GET', '/health/ready')).status).toBe(200);
      await app.database.query('PRAGMA max_page_count = 1000000');
      await app.signIn();
    });
  });

  describe('a database file that another process has locked', () => {
    beforeAll(async () => {
      app = await startApp({ env: NO_LIMITS });
      ({ access_token: token, refresh_token: refreshToken } = await app.signIn());
      await app.call('POST', '/applications', { token, body: { key: 'shop', name: 'The shop' } });
    });
    afterAll(() => app.close());

    it(
      'makes writes end with 503 within 3 seconds, and is used again when it is free',
      { timeout: 40_000 },
      async () => {
        const { database } = app.config;
        if (database.kind !== 'sqlite') throw new Error('this is the lane of SQLite');
        const other = new BetterSqlite3(database.file);
        other.exec('BEGIN IMMEDIATE');
        for (const { answer, took } of await Promise.all(calls().map(timed))) {
          expect([200, 503], answer.text).toContain(answer.status);
          expect(took).toBeLessThan(3_000);
        }
        const writing = await timed(app.call('POST', '/signout', { token }));
        expectFailure(writing.answer, 503, 10010);
        expect((await app.call('GET', '/health/live')).status).toBe(200);
        other.exec('ROLLBACK');
        other.close();
        await untilWell(5_000);
      },
    );
  });
}

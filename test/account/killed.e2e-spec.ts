import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import type { Database } from '../../src/database/database.ts';
import { dataSourceOptions, openDatabase } from '../../src/database/open-database.ts';
import { buildProgram, runProgram } from '../support/built-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Every kill is a start and a second of writing; `ACCOUNT_KILLS=50` for the full proof. */
const KILLS = Number(process.env['ACCOUNT_KILLS'] ?? 2);
const ADMIN = 'tidal-marble-orchard-57';
/** Nobody listens there, so that every message stays as it was written. */
const NO_RELAY = {
  SMTP_HOST: '127.0.0.1',
  SMTP_PORT: '1',
  SMTP_TLS: 'none',
  MAIL_FROM: 'no-reply@example.com',
};

let place: TestDatabase;
let dist: string;
beforeAll(async () => {
  [place, dist] = await Promise.all([createTestDatabase(), buildProgram()]);
}, 180_000);
afterAll(() => place.drop());

interface Told {
  readonly data: { readonly id: string; readonly access_token: string; readonly challenge: string };
}

async function changeUntilKilled(kill: number): Promise<void> {
  const limits = { SIGNIN_ADDRESS_ATTEMPTS: '1000000', SIGNIN_ACCOUNT_ATTEMPTS: '1000000' };
  const env = { ...place.env, ...NO_RELAY, ...limits, BOOTSTRAP_ADMIN_PASSWORD: ADMIN, LOG_LEVEL: 'silent' };
  const program = runProgram(dist, 'src/main.js', { env });
  const url = await program.untilReady();
  const call = async (path: string, body: object, token = ''): Promise<Told> => {
    const headers = {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json() as Promise<Told>;
  };
  const admin = (await call('/signin', { username: 'admin', password: ADMIN })).data.access_token;
  let alive = true;
  const changers = Array.from({ length: 3 }, async (_, index) => {
    const username = `changer-${kill}-${index}`;
    const profile = { username, full_name: 'A Person', email: `${username}@example.com`, invite: true };
    const { id } = (await call('/users', profile, admin)).data;
    for (let turn = 0; alive; turn += 1) {
      const [first, second, third] = [1, 2, 3].map((n) => `gravel-${kill}-${turn}-lantern-${n}`);
      await call(`/users/${id}/password`, { new_password: first, must_change_password: true }, admin);
      const { challenge } = (await call('/signin', { username, password: first })).data;
      const token = (await call('/signin/password', { challenge, new_password: second })).data.access_token;
      await call('/me/password', { current_password: second, new_password: third }, token);
    }
  });
  const changed = Promise.allSettled(changers);
  await sleep(700 + Math.random() * 700);
  await program.stop('SIGKILL');
  alive = false;
  await changed;
}

/** Compares what became of each user with what the record and the messages say. */
async function expectWhole(database: Database): Promise<number> {
  const rows = await database.query<
    Array<Record<'version' | 'events' | 'notices' | 'invited' | 'links', number>>
  >(`
    SELECT credential_version AS version,
      (SELECT COUNT(*) FROM audit_events WHERE target_id = users.id AND action IN ('password.reset', 'password.changed')) AS events,
      (SELECT COUNT(*) FROM outbox WHERE recipient = users.email AND template = 'notice') AS notices,
      (SELECT COUNT(*) FROM audit_events WHERE target_id = users.id AND action = 'user.invited') AS invited,
      (SELECT COUNT(*) FROM outbox WHERE recipient = users.email AND template = 'invitation') AS links
    FROM users WHERE email IS NOT NULL`);
  for (const row of rows) {
    const { version, events, notices, invited, links } = row;
    expect([Number(events), Number(notices)]).toEqual([Number(version), Number(version)]);
    expect([Number(invited), Number(links)]).toEqual([1, 1]);
  }
  const [steps] = await database.query<Array<Record<'tickets' | 'demanded' | 'opened', number>>>(`
    SELECT (SELECT COUNT(*) FROM one_time_codes WHERE purpose = 'ticket') AS tickets,
      (SELECT COUNT(*) FROM audit_events WHERE action = 'password.changed' AND session_id IS NULL) AS demanded,
      (SELECT COUNT(*) FROM audit_events WHERE action = 'signin.succeeded' AND actor_name <> 'admin') AS opened`);
  expect([Number(steps?.tickets), Number(steps?.demanded)]).toEqual(
    [steps?.opened, steps?.opened].map(Number),
  );
  return rows.reduce((sum, { version }) => sum + Number(version), 0);
}

describe('a program that is killed while passwords change', () => {
  it(
    'leaves each change with its one event and its one notice, each used challenge with its session, or nothing of them',
    async () => {
      const database = openDatabase(dataSourceOptions(loadConfig(place.env).database));
      let changes = 0;
      try {
        for (let kill = 0; kill < KILLS; kill += 1) {
          await changeUntilKilled(kill);
          changes = await expectWhole(database);
        }
      } finally {
        await database.destroy();
      }
      expect(changes).toBeGreaterThan(10);
    },
    30_000 * KILLS,
  );
});

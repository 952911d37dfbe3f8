import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedClock } from '../../src/throttling/shared-clock.ts';
import { MINUTE, toTimestamp } from '../../src/platform/time/clock.ts';
import { forget, NEW_PASSWORD, newAddress, reachable, reset, trySignIn, WIDE } from '../support/account.ts';
import { Administration, refusal, type ListData } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { lastMailTo } from '../support/mails.ts';

/** What the build before this one does not know, and leaves to the defaults. */
const UNKNOWN: Readonly<Record<string, readonly string[]>> = {
  users: ['language', 'email_verified_at', 'second_factor_at', 'must_change_password'],
  sessions: ['authenticated_at', 'proof'],
};

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SIGNIN_ACCOUNT_ATTEMPTS: '5' } });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function rowOf(table: string, id: string): Promise<Record<string, string | number | null>> {
  const [row] = await app.database.query<Array<Record<string, string | number | null>>>(
    `SELECT * FROM ${table} WHERE id = ?`,
    [id],
  );
  return row ?? {};
}

/** Writes a row as the older build does. */
async function insert(table: string, row: Record<string, string | number | null>): Promise<void> {
  const columns = Object.keys(row).filter((column) => UNKNOWN[table]?.includes(column) !== true);
  const values = columns.map((column) => row[column] ?? null);
  const marks = columns.map(() => '?').join(', ');
  await app.database.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`, values);
}

describe('what an older build writes beside this one', () => {
  it('is a user like any other: signs in, resets, and claims nothing', async () => {
    const model = await reachable(app);
    const [id, username, email] = ['6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f', 'of-before', newAddress()];
    const short_id = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
    await insert('users', { ...(await rowOf('users', model.id)), id, username, email, short_id });
    await app.database.query('UPDATE password_credentials SET user_id = ? WHERE user_id = ?', [id, model.id]);
    await app.signIn(username, PASSWORD);
    expect(await admin.user(id)).toMatchObject({
      language: '',
      email_verified: false,
      must_change_password: false,
      second_factor: false,
      password_set: true,
    });
    await forget(app, username);
    const { code } = await lastMailTo(app, email);
    expect((await reset(app, { username, code })).status).toBe(200);
    await app.signIn(email, NEW_PASSWORD);
  });

  it('is a session like any other, fresh from its beginning on', async () => {
    const person = await admin.person();
    const row = await rowOf('sessions', person.sessionId);
    await app.database.query('DELETE FROM sessions WHERE id = ?', [person.sessionId]);
    await insert('sessions', row);
    const { token } = person;
    const own = await app.call<ListData<object>>('GET', '/me/sessions', { token });
    const at = toTimestamp(Number(row['created_at']));
    expect(own.body.data.items[0]).toMatchObject({ proof: ['password'], authenticated_at: at });
    expect((await app.call('GET', '/me/export', { token })).status).toBe(200);
    app.clock.advance(11 * MINUTE);
    expect(refusal(await app.call('GET', '/me/export', { token }))).toEqual([403, 11012]);
    const body = { password: PASSWORD };
    expect((await app.call('POST', '/me/reauthentication', { token, body })).status).toBe(200);
    expect((await app.call('GET', '/me/export', { token })).status).toBe(200);
  });

  it('is a count like any other, forgotten after the window of sign-ins', async () => {
    const { id, username } = await reachable(app);
    const now = await app.nest.get(SharedClock, { strict: false }).now();
    const sql = 'INSERT INTO attempt_budgets (budget_key, used, reported, last_at) VALUES (?, 5, 0, ?)';
    await app.database.query(sql, [`account:${id}`, now]);
    expect((await trySignIn(app, username, PASSWORD)).status).toBe(429);
    app.clock.advance(15 * MINUTE);
    for (let n = 0; n < 5; n += 1) expect((await trySignIn(app, username, 'wrong')).status).toBe(401);
    expect((await trySignIn(app, username, PASSWORD)).status).toBe(429);
  });
});

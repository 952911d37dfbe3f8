import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../src/platform/time/clock.ts';
import { SessionsSweep } from '../../src/sessions/sessions.sweep.ts';
import { startApp, type SignInData, type TestApp } from '../support/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { SESSION_RETENTION: '10d' } });
});
afterAll(() => app.close());

async function renew(session: SignInData): Promise<number> {
  const body = { refresh_token: session.refresh_token };
  return (await app.call('POST', '/tokens/renew_access', { body })).status;
}

async function storedSessions(userId: string): Promise<number> {
  const rows = await app.database.query('SELECT id FROM sessions WHERE user_id = ?', [userId]);
  return rows.length;
}

/**
 * Renews until it is noted, which happens beside the answer and may be left to the next call: while the last note is
 * still on its way to the disk, for one.
 */
async function use(session: SignInData): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    expect(await renew(session)).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 10 * attempt));
    const rows = await app.database.query<Array<{ seen: number }>>(
      'SELECT last_seen_at AS seen FROM sessions WHERE id = ?',
      [session.session_id],
    );
    if (rows[0]?.seen === app.clock.now()) return;
  }
  throw new Error('the use was not noted');
}

describe('a session', () => {
  it('ends after seven days without use', async () => {
    const user = await app.createUser();
    const session = await app.signIn(user.username, user.password);
    app.clock.advance(7 * DAY - 1);
    await use(session);
    app.clock.advance(7 * DAY);
    expect(await renew(session)).toBe(401);
  });

  it('ends after thirty days however much it is used', async () => {
    const user = await app.createUser();
    const session = await app.signIn(user.username, user.password);
    const begun = app.clock.now();
    for (let day = 6; day < 30; day += 6) {
      app.clock.advance(6 * DAY);
      await use(session);
    }
    app.clock.advance(begun + 30 * DAY - 1 - app.clock.now());
    expect(await renew(session)).toBe(200);
    app.clock.advance(1);
    expect(await renew(session)).toBe(401);
  });
});

describe('the sweep', () => {
  it('removes a session once it has been over for SESSION_RETENTION, on two replicas at once', async () => {
    const user = await app.createUser();
    const out = await app.signIn(user.username, user.password);
    await app.signIn(user.username, user.password);
    await app.call('POST', '/signout', { token: out.access_token });
    const sweep = app.nest.get(SessionsSweep, { strict: false });

    app.clock.advance(10 * DAY - MINUTE);
    await sweep.sweep();
    expect(await storedSessions(user.id)).toBe(2);
    app.clock.advance(MINUTE);
    await Promise.all([sweep.sweep(), sweep.sweep()]);
    expect(await storedSessions(user.id)).toBe(1);
    // The other one ran out unused after seven days.
    app.clock.advance(7 * DAY);
    await sweep.sweep();
    expect(await storedSessions(user.id)).toBe(0);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/platform/time/clock.ts';
import {
  PASSWORD,
  startApp,
  type Answer,
  type CreatedUser,
  type SignInData,
  type TestApp,
} from '../support/app.ts';
import { refusals } from '../support/envelope.ts';

const NEW_PASSWORD = 'copper-window-thistle-84';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { REAUTH_ATTEMPTS: '3', HASH_WAIT: '20s' } });
});
afterAll(() => app.close());

async function signedIn(): Promise<{ user: CreatedUser; session: SignInData }> {
  const user = await app.createUser();
  return { user, session: await app.signIn(user.username, user.password) };
}

async function change(session: SignInData, current: string, next: string): Promise<Answer<unknown>> {
  const body = { current_password: current, new_password: next };
  return app.call('POST', '/me/password', { token: session.access_token, body });
}

async function outcome(session: SignInData, current: string, next: string): Promise<[number, number]> {
  const { status, body } = await change(session, current, next);
  return [status, body.code];
}

async function signInStatus(username: string, password: string): Promise<number> {
  return (await app.call('POST', '/signin', { body: { username, password } })).status;
}

describe('POST /me/password', () => {
  it('sets the new password and ends every other session, but not the one that asks', async () => {
    const { user, session } = await signedIn();
    const other = await app.signIn(user.username, user.password);
    const answer = await change(session, PASSWORD, NEW_PASSWORD);
    expect([answer.status, answer.body.data], answer.text).toEqual([200, null]);
    expect((await app.call('GET', '/me', { token: session.access_token })).status).toBe(200);
    expect((await app.call('GET', '/me', { token: other.access_token })).status).toBe(401);
    expect(await signInStatus(user.username, PASSWORD)).toBe(401);
    expect(await signInStatus(user.username, NEW_PASSWORD)).toBe(200);
  });

  it('moves password_change_at', async () => {
    const { session } = await signedIn();
    app.clock.advance(MINUTE);
    await change(session, PASSWORD, NEW_PASSWORD);
    const me = await app.call<{ password_change_at: string }>('GET', '/me', { token: session.access_token });
    expect(me.body.data.password_change_at).toBe(new Date(app.clock.now()).toISOString());
  });

  it('judges the new password first, the budget next and the current password last', async () => {
    const { session } = await signedIn();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await outcome(session, 'wrong', 'short')).toEqual([400, 12005]);
    }
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await outcome(session, 'wrong', NEW_PASSWORD)).toEqual([403, 11005]);
    }
    const refused = await change(session, PASSWORD, NEW_PASSWORD);
    expect([refused.status, refused.body]).toEqual([
      429,
      expect.objectContaining({ code: 10008, data: { retry_after: 30 } }),
    ]);
    expect(refused.headers['retry-after']).toBe('30');
    expect(await outcome(session, PASSWORD, 'short')).toEqual([400, 12005]);
    app.clock.advance(30_000);
    expect(await outcome(session, PASSWORD, NEW_PASSWORD)).toEqual([200, 0]);
  });

  it.each([
    ['empty', ''],
    ['too short', 'seven77'],
    ['common', 'password123'],
    ['too long', 'x'.repeat(257)],
    ['far too long', 'x'.repeat(5_000)],
  ])('refuses a new password by policy and never as a bad request: %s', async (_, password) => {
    const { session } = await signedIn();
    const { status, body } = await change(session, PASSWORD, password);
    expect([status, body.code]).toEqual([400, 12005]);
    expect(body.data).toMatchObject({ errors: [{ field: 'new_password' }] });
  });

  it('refuses a new password that holds the own user name', async () => {
    const { user, session } = await signedIn();
    expect(await outcome(session, PASSWORD, `x ${user.username} y`)).toEqual([400, 12005]);
  });

  it('has a budget of its own: sign-in stays possible', async () => {
    const { user, session } = await signedIn();
    for (let attempt = 0; attempt < 4; attempt += 1) await change(session, 'wrong', NEW_PASSWORD);
    expect(await outcome(session, PASSWORD, NEW_PASSWORD)).toEqual([429, 10008]);
    expect(await signInStatus(user.username, PASSWORD)).toBe(200);
  });

  it('lets one of several parallel changes through', async () => {
    const { user, session } = await signedIn();
    const passwords = ['orchard-lantern-first-1', 'orchard-lantern-second-2', 'orchard-lantern-third-3'];
    const codes = await Promise.all(passwords.map((password) => outcome(session, PASSWORD, password)));
    const winners = passwords.filter((_, index) => codes[index]?.[0] === 200);
    expect(winners, JSON.stringify(codes)).toHaveLength(1);
    expect(
      codes.filter(([, code]) => code === 11005),
      JSON.stringify(codes),
    ).toHaveLength(2);
    expect(await signInStatus(user.username, winners[0] ?? '')).toBe(200);
  });

  it('leaves no session to a sign-in that verified the old password while the change went through', async () => {
    const { user, session } = await signedIn();
    const [changed, ...signIns] = await Promise.all([
      change(session, PASSWORD, NEW_PASSWORD),
      ...Array.from({ length: 12 }, () =>
        app.call<SignInData>('POST', '/signin', { body: { username: user.username, password: PASSWORD } }),
      ),
    ]);
    expect(changed.status, changed.text).toBe(200);
    for (const { status, body } of signIns) {
      if (status !== 200) continue;
      const me = await app.call('GET', '/me', { token: body.data.access_token });
      expect(me.status, 'a session opened with the old password').toBe(401);
    }
  });

  it('is recorded once, whether it worked or not', async () => {
    const { user, session } = await signedIn();
    await change(session, 'wrong', NEW_PASSWORD);
    await change(session, PASSWORD, NEW_PASSWORD);
    const rows = await app.database.query(
      `SELECT outcome, detail FROM audit_events WHERE action = 'password.changed' AND target_id = ? ORDER BY outcome`,
      [user.id],
    );
    expect(rows).toEqual([
      { outcome: 'failure', detail: '{"reason":"wrong_current_password"}' },
      { outcome: 'success', detail: '{"sessions_ended":0,"session_ids":[]}' },
    ]);
  });

  it('takes text only, and only its two fields', async () => {
    const { session } = await signedIn();
    const send = (body: unknown) => app.call('POST', '/me/password', { token: session.access_token, body });
    expect(refusals(await send({ current_password: 1, new_password: NEW_PASSWORD }))).toEqual([
      'current_password: string',
    ]);
    expect(refusals(await send({ current_password: 'x' }))).toEqual(['new_password: required']);
    expect(refusals(await send({ current_password: 'x', new_password: 'y', user_id: 'z' }))).toEqual([
      'user_id: unknown',
    ]);
  });
});

describe('PATCH /me', () => {
  it('changes the full name, in canonical form, and answers the user', async () => {
    const { session, user } = await signedIn();
    app.clock.advance(MINUTE);
    const answer = await app.call('PATCH', '/me', {
      token: session.access_token,
      body: { full_name: '  Me\u0301i Lin ' },
    });
    expect(answer.body.data, answer.text).toMatchObject({
      id: user.id,
      full_name: 'M\u00e9i Lin',
      updated_at: new Date(app.clock.now()).toISOString(),
    });
    expect(answer.body.data).not.toHaveProperty('permissions');
  });

  it('changes nothing without fields or with the name that stands', async () => {
    const { session } = await signedIn();
    const token = session.access_token;
    const before = await app.call<{ full_name: string }>('PATCH', '/me', { token, body: {} });
    app.clock.advance(1_000);
    expect(before.status).toBe(200);
    const same = await app.call('PATCH', '/me', { token, body: { full_name: before.body.data.full_name } });
    expect(same.body.data).toEqual(before.body.data);
  });

  it('refuses other fields and names that nobody could see', async () => {
    const { session } = await signedIn();
    const send = (body: unknown) => app.call('PATCH', '/me', { token: session.access_token, body });
    expect(refusals(await send({ email: 'a@example.com' }))).toEqual(['email: unknown']);
    for (const full_name of ['', ' ', '\u200b', 'é'.repeat(129)]) {
      const answer = await send({ full_name });
      expect(refusals(answer)).toEqual(['full_name: length']);
      expect(answer.text).toContain('must have 1 to 128 characters');
    }
    expect(refusals(await send({ full_name: 'a\u202eb' }))).toEqual(['full_name: name_characters']);
    expect(refusals(await send({ full_name: null }))).toEqual(['full_name: string']);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sealing } from '../../src/keyring/sealing.ts';
import { MINUTE, SECOND } from '../../src/platform/time/clock.ts';
import { bare, forget, NEW_PASSWORD, reachable, reset, tally, trySignIn, WIDE } from '../support/account.ts';
import { Administration, refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type SignInData, type TestApp } from '../support/app.ts';
import { lastMailTo } from '../support/mails.ts';

interface Demand {
  readonly challenge: string;
  readonly challenge_expires_at: string;
}

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SIGNIN_ACCOUNT_ATTEMPTS: '6' } });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

const somebody = () => reachable(app, { must_change_password: true });

async function demand(username: string, password = PASSWORD): Promise<Demand> {
  const answer = await trySignIn(app, username, password);
  expect(refusal(answer)).toEqual([401, 11010]);
  return answer.body.data as unknown as Demand;
}

function meet(challenge: string, new_password = NEW_PASSWORD, on = app) {
  return on.call<SignInData>('POST', '/signin/password', { body: { challenge, new_password } });
}

const sessionsOf = (userId: string) =>
  app.database.query<unknown[]>('SELECT id FROM sessions WHERE user_id = ?', [userId]);

describe('a password that is to be changed', () => {
  it('opens no session: the sign-in answers a challenge and nothing else', async () => {
    const { id, username } = await somebody();
    expect(await admin.user(id)).toMatchObject({ must_change_password: true });
    const answer = await trySignIn(app, username, PASSWORD);
    const data = answer.body.data as unknown as Demand;
    expect(answer.status).toBe(401);
    expect(Object.keys(data)).toEqual(['challenge', 'challenge_expires_at']);
    // By the clock of the database, which may be some milliseconds away.
    const life = Date.parse(data.challenge_expires_at) - app.clock.now();
    expect(Math.abs(life - 5 * MINUTE)).toBeLessThan(SECOND);
    expect(answer.text).not.toMatch(/access_token|refresh_token|session_id/);
    expect(await sessionsOf(id)).toEqual([]);
    expect((await app.call('GET', '/me', { token: data.challenge })).status).toBe(401);
    const challenged = (await admin.eventsOn(id)).filter(({ action }) => action === 'signin.challenged');
    expect(challenged.map(({ detail }) => detail)).toEqual([{ demand: 'new_password' }]);
  });

  it('is changed by the challenge, which answers as any sign-in', async () => {
    const { id, username, email } = await somebody();
    const { challenge } = await demand(username);
    const opened = await meet(challenge);
    const usual = await trySignIn(app, username, NEW_PASSWORD);
    expect(opened.status).toBe(200);
    const shape = (data: SignInData) => [Object.keys(data), Object.keys(data.user)];
    expect(shape(opened.body.data)).toEqual(shape(usual.body.data));
    const { access_token: token } = opened.body.data;
    expect((await app.call('GET', '/me', { token })).body.data).toMatchObject({
      must_change_password: false,
    });
    expect((await trySignIn(app, username, PASSWORD)).status).toBe(401);
    expect((await lastMailTo(app, email)).subject).toMatch(/password/i);
    const actions = (await admin.eventsOn(id)).map(({ action }) => action);
    expect(actions.filter((action) => action === 'password.changed')).toHaveLength(1);
  });

  it('keeps its challenge where the new one is refused, also because it is the old one', async () => {
    const { username } = await somebody();
    const { challenge } = await demand(username);
    for (const bad of ['password', 'short', username, PASSWORD])
      expect(refusal(await meet(challenge, bad)), bad).toEqual([400, 12005]);
    expect((await meet(challenge)).status).toBe(200);
  });

  it('opens one session, however often the challenge is used at once', async () => {
    const { id, username } = await somebody();
    const { challenge } = await demand(username);
    const passwords = Array.from({ length: 50 }, (_, n) => `${NEW_PASSWORD}-${n}`);
    const answers = await Promise.all(passwords.map((password) => meet(challenge, password)));
    expect(tally(answers)).toEqual({ '200/0': 1, '403/11009': 49 });
    expect(await sessionsOf(id)).toHaveLength(1);
    await app.signIn(username, passwords[answers.findIndex(({ status }) => status === 200)]);
  });

  it('opens one session, also at two processes and with two challenges', async () => {
    if (app.database.dialect !== 'mysql') return;
    const env = { ...WIDE, KEYS_FILE: app.config.keyring.keysFile };
    const other = await startApp({ testDatabase: app.testDatabase, clock: app.clock, env });
    try {
      const { id, username } = await somebody();
      const challenges = [(await demand(username)).challenge, (await demand(username)).challenge];
      const uses = Array.from({ length: 20 }, (_, n) =>
        meet(challenges[n % 2] ?? '', `${NEW_PASSWORD}-${n}`, n % 3 === 0 ? app : other),
      );
      expect(tally(await Promise.all(uses))).toEqual({ '200/0': 1, '403/11009': 19 });
      expect(await sessionsOf(id)).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('ends what was open when it is demanded: nothing that is renewed or changed walks around it', async () => {
    const { id, username } = await reachable(app);
    const before = await app.signIn(username, PASSWORD);
    const body = { new_password: 'another-lantern-gravel-77', must_change_password: true };
    await admin.done('POST', `/users/${id}/password`, body);
    const renewal = { body: { refresh_token: before.refresh_token } };
    expect(refusal(await app.call('POST', '/tokens/renew_access', renewal))).toEqual([401, 11003]);
    const change = { current_password: body.new_password, new_password: NEW_PASSWORD };
    const own = { token: before.access_token, body: change };
    expect((await app.call('POST', '/me/password', own)).status).toBe(401);
    await demand(username, body.new_password);
  });

  it('is met by a reset, which signs nobody in', async () => {
    const { username, email } = await somebody();
    const { challenge } = await demand(username);
    await forget(app, username);
    const { code } = await lastMailTo(app, email);
    expect((await reset(app, { username, code })).body.data).toBeNull();
    expect(refusal(await meet(challenge))).toEqual([403, 11009]);
    await app.signIn(username, NEW_PASSWORD);
  });

  it('stays counted until the session is open, and then everything is forgotten', async () => {
    const { username } = await somebody();
    const { challenge } = await demand(username);
    for (let n = 0; n < 5; n += 1) await demand(username);
    expect((await trySignIn(app, username, PASSWORD)).status).toBe(429);
    expect((await meet(challenge)).status).toBe(200);
    for (let n = 0; n < 5; n += 1) expect((await trySignIn(app, username, 'wrong')).status).toBe(401);
  });
});

describe('a challenge', () => {
  it('is refused in the same bytes however it was made, moved or changed', async () => {
    const { id, username } = await somebody();
    const { challenge } = await demand(username);
    const [head = '', , nonce = '', text = '', tag = ''] = challenge.split('.');
    const parts = { head, nonce, text, tag };
    const join = (changed: object) => {
      const all = { ...parts, ...changed };
      return `${all.head}..${all.nonce}.${all.text}.${all.tag}`;
    };
    const header = JSON.parse(Buffer.from(head, 'base64url').toString());
    const headed = (changed: object) =>
      join({ head: Buffer.from(JSON.stringify({ ...header, ...changed })).toString('base64url') });
    const flips = Object.entries(parts).flatMap(([part, bytes]) =>
      [0, 5, 10, 14].map((at) => join({ [part]: flipped(bytes, at) })),
    );
    const sealing = app.nest.get(Sealing, { strict: false });
    const opened = JSON.parse(await sealing.open('challenge', 'signin', challenge));
    const seal = (changed: object) =>
      sealing.seal('challenge', 'signin', JSON.stringify({ ...opened, ...changed }));
    const forgeries = [
      ...flips,
      headed({ kid: 'another' }),
      headed({ kid: undefined }),
      headed({ typ: 'totp' }),
      headed({ sub: id }),
      headed({ alg: 'none' }),
      headed({ zip: 'DEF' }),
      join({ tag: '' }),
      join({ text: '' }),
      join({ tag: tag.slice(0, 16) }),
      `${challenge}.`,
      challenge.split('..')[1] ?? '',
      (await app.signIn()).access_token,
      await sealing.seal('totp', 'signin', JSON.stringify(opened)),
      await sealing.seal('outbox', 'signin', JSON.stringify(opened)),
      await sealing.seal('challenge', id, JSON.stringify(opened)),
      await seal({ expiresAt: app.clock.now() - SECOND }),
      await seal({ credentialVersion: 7 }),
      await seal({ userId: '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f' }),
    ];
    expect(forgeries.length).toBeGreaterThanOrEqual(30);
    const answers = [];
    for (const forged of forgeries) answers.push(await meet(forged));
    for (const [n, answer] of answers.entries())
      expect(bare(answer), forgeries[n]).toEqual(answers[0] && bare(answers[0]));
    expect(answers[0] && refusal(answers[0])).toEqual([403, 11009]);
    expect((await meet(challenge)).status).toBe(200);
    expect((await meet(challenge)).text).toBe(answers[0]?.text);
  });

  it('tells nobody what stands in it', async () => {
    const { id, username } = await somebody();
    const { challenge } = await demand(username);
    const readable = challenge.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    for (const secret of [id, username, 'password', 'account:', 'nonce'])
      expect(readable.join(' '), secret).not.toContain(secret);
    expect(await demand(username)).not.toEqual(challenge);
  });

  it.each([
    ['the account is disabled', (id: string) => admin.done('POST', `/users/${id}/disable`)],
    ['the account is deleted', (id: string) => admin.done('DELETE', `/users/${id}`)],
    [
      'an administrator sets another password',
      (id: string) => admin.done('POST', `/users/${id}/password`, { new_password: PASSWORD }),
    ],
  ])('is worth nothing once %s', async (_, act) => {
    const { id, username } = await somebody();
    const { challenge } = await demand(username);
    await act(id);
    expect(refusal(await meet(challenge))).toEqual([403, 11009]);
  });

  it('is worth nothing five minutes later', async () => {
    const { username } = await somebody();
    const { challenge } = await demand(username);
    const { challenge: younger } = await demand(username);
    app.clock.advance(5 * MINUTE);
    expect(refusal(await meet(challenge))).toEqual([403, 11009]);
    expect(refusal(await meet(younger))).toEqual([403, 11009]);
  });
});

/** The text with one bit of one of its bytes changed. */
function flipped(text: string, at: number): string {
  const bytes = Buffer.from(text, 'base64url');
  const index = Math.min(at, bytes.length - 1);
  bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
  return bytes.toString('base64url');
}

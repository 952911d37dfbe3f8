import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type CreatedUser, type SignInData, type TestApp } from '../support/app.ts';
import { expectEnvelope, expectFailure } from '../support/envelope.ts';

let app: TestApp;
let mei: CreatedUser;
beforeAll(async () => {
  app = await startApp({
    env: { SIGNIN_ADDRESS_ATTEMPTS: '100000', SIGNIN_ACCOUNT_ATTEMPTS: '1000', HASH_WAIT: '10s' },
  });
  mei = await app.createUser({
    username: 'mei.lin',
    full_name: 'Mei Lin 林美',
    email: 'mei.lin@example.com',
    phone: '+8613800138000',
  });
});
afterAll(() => app.close());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DAY = 24 * 60 * 60 * 1_000;

function signIn(username: unknown, password: unknown = PASSWORD) {
  return app.call<SignInData>('POST', '/signin', { body: { username, password } });
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

describe('POST /signin', () => {
  it('answers exactly the fields of the contract, in its order', async () => {
    const answer = await signIn('mei.lin');
    expect(answer.status).toBe(200);
    expect(expectEnvelope(answer)).toMatchObject({ code: 0, msg: 'ok' });
    const { data } = answer.body;
    expect(Object.keys(data)).toEqual([
      'session_id',
      'access_token',
      'access_token_expires_at',
      'refresh_token',
      'refresh_token_expires_at',
      'user',
    ]);
    expect(Object.entries(data.user).map(([name, value]) => [name, value])).toEqual([
      ['username', 'mei.lin'],
      ['full_name', 'Mei Lin 林美'],
      ['email', 'mei.lin@example.com'],
      ['phone', '+8613800138000'],
      ['password_change_at', expect.stringMatching(TIMESTAMP)],
      ['created_at', expect.stringMatching(TIMESTAMP)],
    ]);
    expect(data.session_id).toMatch(UUID);
    expect(data.refresh_token).toMatch(/^gatehouse_rt_[A-Za-z0-9_-]{43}$/);
  });

  it('answers empty text for an e-mail address and a phone that are not set', async () => {
    const { user } = await app.signIn();
    expect([user.email, user.phone]).toEqual(['', '']);
  });

  it("answers the access token's own expiry, and the session's absolute end", async () => {
    const data = await app.signIn(mei.username, mei.password);
    const { exp, iat, sid, sub } = claimsOf(data.access_token);
    expect(data.access_token_expires_at).toBe(new Date(Number(exp) * 1_000).toISOString());
    expect(Number(exp) - Number(iat)).toBe(15 * 60);
    expect([sid, sub]).toEqual([data.session_id, mei.id]);
    expect(data.refresh_token_expires_at).toBe(new Date(app.clock.now() + 30 * DAY).toISOString());
  });

  it('signs a token with these claims and no others', async () => {
    const { access_token } = await app.signIn(mei.username, mei.password);
    const [header = ''] = access_token.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.any(String),
    });
    expect(Object.keys(claimsOf(access_token)).toSorted()).toEqual([
      'aud',
      'exp',
      'iat',
      'iss',
      'jti',
      'sid',
      'sub',
    ]);
  });

  it.each([
    'mei.lin',
    'MEI.LIN',
    '  mei.lin\t'.replace('\t', ' '),
    'mei.lin@example.com',
    'Mei.Lin@Example.COM',
    '+8613800138000',
    '13800138000',
    '138 0013 8000',
    '(138) 0013-8000',
    '+86 138-0013-8000',
  ])('takes %j for the same person', async (username) => {
    const answer = await signIn(username);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.data.user.username).toBe('mei.lin');
  });

  it.each([
    'mei.lin\u3000',
    'ｍei.lin',
    'mеi.lin',
    'mei.lin ext 1',
    'mei.lin%',
    'mei_lin',
    "mei.lin' OR '1'='1",
    '13800138000x',
    'mei.lin@example.com.',
    '<mei.lin@example.com>',
    '0013800138000',
  ])('takes %j for nobody', async (username) => expectFailure(await signIn(username), 401, 11001));

  it('answers a wrong password, an unknown name and a disabled account in the same bytes', async () => {
    const disabled = await app.createUser({ email: 'disabled@example.com' });
    const matched = await app.database.execute("UPDATE users SET status = 'disabled' WHERE id = ?", [
      disabled.id,
    ]);
    expect(matched).toBe(1);
    const answers = await Promise.all([
      signIn('mei.lin', 'wrong-password-1'),
      signIn('nobody.at.all', 'wrong-password-1'),
      signIn('nobody@example.com', 'wrong-password-1'),
      signIn('+8613900139000', 'wrong-password-1'),
      signIn('no identifier in any form', 'wrong-password-1'),
      signIn(disabled.username, disabled.password),
      signIn(disabled.username, 'wrong-password-1'),
      signIn('disabled@example.com', disabled.password),
      signIn('mei.lin', `${PASSWORD} `),
      signIn('mei.lin', PASSWORD.slice(0, -1)),
      signIn('mei.lin', PASSWORD.toUpperCase()),
    ]);
    const [first] = answers;
    for (const answer of answers) {
      expectFailure(answer, 401, 11001);
      expect(answer.text).toBe(first?.text);
      const names = (headers: object): string[] => Object.keys(headers).toSorted();
      expect(names(answer.headers)).toEqual(names(first?.headers ?? {}));
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  it('counts the whole password, far beyond what other hashes look at', async () => {
    const long = `${'a1'.repeat(100)}-end-of-it-X`;
    const user = await app.createUser({ password: long });
    expectFailure(await signIn(user.username, `${long.slice(0, -1)}Y`), 401, 11001);
    expect((await signIn(user.username, long)).status).toBe(200);
  });

  it('takes a password typed in another Unicode form', async () => {
    const user = await app.createUser({ password: 'Åse-gravel-ﬁnder' });
    expect((await signIn(user.username, 'A\u030ase-gravel-finder')).status).toBe(200);
  });

  it('speaks the language of the client', async () => {
    const options = (language: string) => ({ headers: { 'accept-language': language } });
    const body = { username: 'mei.lin', password: PASSWORD };
    const wrong = { username: 'mei.lin', password: 'x' };
    expect((await app.call('POST', '/signin', { ...options('zh-CN'), body })).body.msg).toBe('成功');
    expect((await app.call('POST', '/signin', { ...options('zh-CN'), body: wrong })).body.msg).toMatch(
      /密码/,
    );
    expect((await app.call('POST', '/signin', { ...options('en'), body: wrong })).body.msg).toMatch(
      /password/,
    );
  });

  it('opens 20 sessions at once, all of them in the database', async () => {
    const people: CreatedUser[] = [];
    while (people.length < 20) people.push(await app.createUser());
    const answers = await Promise.all(people.map(({ username, password }) => signIn(username, password)));
    expect(answers.map(({ status }) => status)).toEqual(people.map(() => 200));
    const opened = answers.map(({ body }) => body.data);
    const found = await app.database.query<Array<{ id: string }>>(
      'SELECT id FROM sessions WHERE ended_at IS NULL',
    );
    const ids = new Set(found.map(({ id }) => id));
    for (const { session_id } of opened) expect(ids).toContain(session_id);
    for (const { access_token } of opened) {
      expect((await app.call('GET', '/me', { token: access_token })).status).toBe(200);
    }
  });

  it('keeps at most 20 sessions of one person, even when 25 sign in at once; the oldest end', async () => {
    const user = await app.createUser();
    const first = await app.signIn(user.username, user.password);
    app.clock.advance(1_000);
    const opened = await Promise.all(
      Array.from({ length: 24 }, () => app.signIn(user.username, user.password)),
    );
    const live = await app.database.query<Array<{ id: string }>>(
      'SELECT id FROM sessions WHERE user_id = ? AND ended_at IS NULL',
      [user.id],
    );
    expect(live).toHaveLength(20);
    expect(live.map(({ id }) => id)).not.toContain(first.session_id);
    const statuses = await Promise.all(
      opened.map(async ({ access_token }) => (await app.call('GET', '/me', { token: access_token })).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expectFailure(await app.call('GET', '/me', { token: first.access_token }), 401, 11002);
  });

  it('leaves no password and no token in the database or the log', async () => {
    const { access_token, refresh_token } = await app.signIn(mei.username, mei.password);
    await signIn('mei.lin', 'canary-wrong-password');
    await app.call('POST', '/signin', { body: '{"username":"mei.lin","password":"canary-broken' });
    const secrets = [PASSWORD, app.admin.password, access_token, refresh_token, 'canary'];
    const places = [await app.dump(), app.lines.join('')];
    for (const place of places)
      for (const secret of secrets) expect(place.includes(secret), secret).toBe(false);
    const digest = createHash('sha256').update(refresh_token).digest('base64url');
    expect(places[0]).toContain(digest);
    expect(places[0]).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  });
});

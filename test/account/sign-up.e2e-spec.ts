import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bare, NEW_PASSWORD, newAddress, reachable, tally, WIDE, wrong } from '../support/account.ts';
import { Administration, refusal, type UserData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { allMails, lastMailTo } from '../support/mails.ts';

let app: TestApp;
let admin: Administration;
let serial = 0;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SIGNUP: 'open', SIGNUP_ROLE: 'newcomers' } });
  admin = await Administration.of(app);
  await admin.role(['users:read'], 'newcomers');
});
afterAll(() => app.close());

function ask(email: string, on = app) {
  return on.call('POST', '/signup/codes', { body: { email } });
}

function signUp(given: object, on = app) {
  serial += 1;
  const made = { username: `newcomer-${serial}`, full_name: 'New Comer', password: NEW_PASSWORD };
  return on.call<UserData>('POST', '/signup', { body: { ...made, ...given } });
}

async function invitee() {
  const email = newAddress();
  await ask(email);
  return { email, code: (await lastMailTo(app, email)).code };
}

async function invitees(count: number) {
  const addresses = Array.from({ length: count }, newAddress);
  await Promise.all(addresses.map((email) => ask(email)));
  const mails = await allMails(app);
  return addresses.map((email) => ({ email, code: mails.find(({ to }) => to === email)?.code ?? '' }));
}

const usersWith = (column: 'email' | 'username', value: string) =>
  app.database.query<unknown[]>(`SELECT id FROM users WHERE ${column} = ?`, [value]);

describe('signing up', () => {
  it('makes an account of a proved address with the role for newcomers, and signs nobody in', async () => {
    const { email, code } = await invitee();
    const made = await signUp({ username: 'Mei.Lin', email: email.toUpperCase(), code });
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject({
      username: 'mei.lin',
      email,
      email_verified: true,
      password_set: true,
      must_change_password: false,
      second_factor: false,
      language: '',
      roles: ['newcomers'],
      status: 'active',
      last_sign_in_at: null,
    });
    expect(Object.keys(made.headers)).not.toContain('set-cookie');
    const { access_token: token } = await app.signIn(email, NEW_PASSWORD);
    expect((await app.call('GET', '/users', { token })).status).toBe(200);
    const event = (await admin.eventsOn(made.body.data.id)).find(({ action }) => action === 'user.signed_up');
    expect(event).toMatchObject({ outcome: 'success', actor_id: made.body.data.id });
    expect(refusal(await signUp({ email, code }))).toEqual([403, 16001]);
  });

  it('with the address of an account answers alike, and tells the address', async () => {
    const { email, username } = await reachable(app);
    const answers = [await ask(email), await ask(newAddress())];
    expect(answers.map(bare)[0]).toEqual(answers.map(bare)[1]);
    const mail = await lastMailTo(app, email);
    expect(mail.code).toBe('');
    expect(mail.subject).toContain('already have an account');
    expect(mail.text).not.toContain(username);
    expect(refusal(await signUp({ email, code: '123456' }))).toEqual([403, 16001]);
  });

  it('leaves nothing behind that was not proved, and the victim signs up unhindered', async () => {
    const { email, code } = await invitee();
    for (let n = 1; n < 5; n += 1)
      expect(refusal(await signUp({ username: 'squatter', email, code: wrong(code, n) }))).toEqual([
        403, 16001,
      ]);
    expect(await usersWith('email', email)).toEqual([]);
    expect(await usersWith('username', 'squatter')).toEqual([]);
    const { status, body } = await signUp({ username: 'squatter', email, code });
    expect([status, body.data.email]).toEqual([201, email]);
  });

  it('keeps code and attempt where the user name is taken, the password weak or the name not one', async () => {
    const taken = await app.createUser();
    const { email, code } = await invitee();
    for (let n = 0; n < 4; n += 1) {
      expect(refusal(await signUp({ email, code, username: taken.username }))).toEqual([409, 12002]);
      expect(refusal(await signUp({ email, code, password: 'password' }))).toEqual([400, 12005]);
      expect(refusal(await signUp({ email, code, username: '1 2' }))).toEqual([400, 10001]);
    }
    expect((await signUp({ email, code })).status).toBe(201);
  });

  it('tells of whoever took the address meanwhile', async () => {
    const { email, code } = await invitee();
    const { id } = await app.createUser({ email });
    expect(refusal(await signUp({ email, code }))).toEqual([409, 12003]);
    await admin.done('DELETE', `/users/${id}`);
    expect((await signUp({ email, code })).status).toBe(201);
  });
});

describe('many who sign up at once', () => {
  const others = ['409/12002', '409/12003', '403/16001', '429/10008'];

  it('with one user name and addresses of their own: one has it', async () => {
    const people = await invitees(50);
    const answers = await Promise.all(people.map((one) => signUp({ ...one, username: 'one-name' })));
    expect(tally(answers)).toEqual({ '201/0': 1, '409/12002': 49 });
    expect(await usersWith('username', 'one-name')).toHaveLength(1);
    // Nobody's code was lost by it.
    const loser = people[answers.findIndex(({ status }) => status === 409)];
    expect((await signUp({ ...loser })).status).toBe(201);
  });

  it('with one address and user names of their own: one has it', async () => {
    const { email, code } = await invitee();
    const answers = await Promise.all(Array.from({ length: 50 }, () => signUp({ email, code })));
    const { '201/0': made, ...rest } = tally(answers);
    expect(made).toBe(1);
    for (const answer of Object.keys(rest)) expect(others).toContain(answer);
    expect(await usersWith('email', email)).toHaveLength(1);
  });

  it('with one address and one user name: one has both', async () => {
    const { email, code } = await invitee();
    const same = { email, code, username: 'both-at-once' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => signUp(same)));
    const { '201/0': made, ...rest } = tally(answers);
    expect(made).toBe(1);
    for (const answer of Object.keys(rest)) expect(others).toContain(answer);
    expect(await usersWith('username', 'both-at-once')).toHaveLength(1);
  });

  it('at two processes: one has it', async () => {
    if (app.database.dialect !== 'mysql') return;
    const env = { ...WIDE, SIGNUP: 'open', SIGNUP_ROLE: 'newcomers' };
    const other = await startApp({ testDatabase: app.testDatabase, clock: app.clock, env });
    try {
      const people = await invitees(20);
      const answers = await Promise.all(
        people.map((one, n) => signUp({ ...one, username: 'two-houses' }, n % 2 === 0 ? app : other)),
      );
      expect(tally(answers)).toEqual({ '201/0': 1, '409/12002': 19 });
    } finally {
      await other.close();
    }
  });
});

describe('where domains are named', () => {
  let domains: TestApp;
  beforeAll(async () => {
    const named = { SIGNUP_DOMAINS: 'Corp.com, corp.example.org', SIGNUP_ROLE: 'gone' };
    domains = await startApp({ env: { ...WIDE, SIGNUP: 'open', ...named } });
  });
  afterAll(() => domains.close());

  it('nobody is kept out because the role for newcomers is gone; the log says so', async () => {
    const email = 'somebody@corp.example.org';
    await ask(email, domains);
    const { code } = await lastMailTo(domains, email);
    const made = await signUp({ email, code }, domains);
    expect([made.status, made.body.data.roles]).toEqual([201, []]);
    expect(domains.lines.some((line) => line.includes('SIGNUP_ROLE'))).toBe(true);
  });

  it.each(['a@corp.com', ' A.B@CORP.COM ', 'x+y@corp.example.org'])('%j may sign up', async (email) => {
    expect((await ask(email, domains)).status).toBe(200);
  });

  it.each([
    'a@evil.com',
    'a@sub.corp.com',
    'a@corp.com.evil.net',
    'a@xcorp.com',
    'a@corp.co',
    'a@example.org',
    'corp.com@evil.com',
    'a+corp.com@evil.com',
  ])('%j may not', async (email) => {
    expect(refusal(await ask(email, domains))).toEqual([403, 12009]);
    expect(refusal(await signUp({ email, code: '123456' }, domains))).toEqual([403, 12009]);
  });

  it.each([
    'a@corp.com@evil.com',
    'a@evil.com@corp.com',
    'a@corp.com.',
    'a@.corp.com',
    'a@ｃｏｒｐ.com',
    'a@corp。com',
    'a@cоrp.com',
    '"a@evil.com"@corp.com',
    'a@corp.com(evil.com)',
    'a@corp.com,b@evil.com',
    'a@corp.com\u0000.evil.com',
    'a@corp.com\r\nBcc: b@evil.com',
    'a <b@evil.com>@corp.com',
    '@corp.com',
    'a@[127.0.0.1]',
  ])('%j is no address', async (email) => {
    expect(refusal(await ask(email, domains))).toEqual([400, 10001]);
    expect(refusal(await signUp({ email, code: '123456' }, domains))).toEqual([400, 10001]);
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY } from '../../src/platform/time/clock.ts';
import { forget, NEW_PASSWORD, newAddress, reachable, reset, trySignIn, WIDE } from '../support/account.ts';
import { Administration } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { allMails, lastMailTo, mailsTo } from '../support/mails.ts';
import { allDone } from '../support/outbox.ts';

const CHINESE = { headers: { 'accept-language': 'zh-CN' } } as const;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0';

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({
    env: { ...WIDE, SIGNUP: 'open', SELF_DELETION: 'true', TRUST_PROXY: '127.0.0.1/32' },
  });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

const isChinese = (text: string) => /\p{Script=Han}/u.test(text);

/** What is mailed to an address while something is done, codes left out. */
async function noticesTo(address: string, act: () => Promise<unknown>) {
  const before = (await mailsTo(app, address)).length;
  await act();
  const mails = (await mailsTo(app, address)).slice(before);
  return mails.filter(({ code, token }) => code === '' && token === '');
}

describe('each change has its one notice and its one audit row', () => {
  const actionsOn = async (id: string, action: string) =>
    (await admin.eventsOn(id)).filter((event) => event.action === action && event.outcome === 'success');

  it('a password that its person changes', async () => {
    const { id, username, email } = await reachable(app);
    const { access_token: token } = await app.signIn(username, PASSWORD);
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    const told = await noticesTo(email, () => app.call('POST', '/me/password', { token, body }));
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toContain(username);
    expect(told[0]?.text).toContain('127.0.0.1');
    expect(await actionsOn(id, 'password.changed')).toHaveLength(1);
  });

  it('a password that is reset', async () => {
    const { id, username, email } = await reachable(app);
    await forget(app, username);
    const { code } = await lastMailTo(app, email);
    expect(await noticesTo(email, () => reset(app, { username, code }))).toHaveLength(1);
    expect(await actionsOn(id, 'password.reset')).toHaveLength(1);
    // Nothing was changed, so nobody is told.
    expect(await noticesTo(email, () => reset(app, { username, code }))).toEqual([]);
  });

  it('a password that an administrator sets, without where and by whom', async () => {
    const { id, username, email } = await reachable(app);
    const headers = { 'user-agent': FIREFOX, 'x-forwarded-for': '198.51.100.77' };
    const set = { token: admin.admin.token, headers, body: { new_password: NEW_PASSWORD } };
    const told = await noticesTo(email, () => app.call('POST', `/users/${id}/password`, set));
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toContain(username);
    expect(told[0]?.text).not.toMatch(/198\.51|Firefox|admin\b/);
    expect(await actionsOn(id, 'password.reset')).toHaveLength(1);
  });

  it('a password that was demanded', async () => {
    const { id, username, email } = await reachable(app, { must_change_password: true });
    const { challenge } = (await trySignIn(app, username, PASSWORD)).body.data as unknown as {
      challenge: string;
    };
    const body = { challenge, new_password: NEW_PASSWORD };
    expect(await noticesTo(email, () => app.call('POST', '/signin/password', { body }))).toHaveLength(1);
    expect(await actionsOn(id, 'password.changed')).toHaveLength(1);
  });

  it('an address, to the old one; not when it stays or something else changes', async () => {
    const { id, email } = await reachable(app);
    const change = (body: object) => admin.done('PATCH', `/users/${id}`, body);
    expect(await noticesTo(email, () => change({ email: email.toUpperCase(), full_name: 'B' }))).toEqual([]);
    expect(await noticesTo(email, () => change({ email: '' }))).toHaveLength(1);
    expect(await actionsOn(id, 'user.updated')).toHaveLength(2);
  });
});

describe('the language of a mail', () => {
  it('is the one that the person chose, whoever asks and in whatever', async () => {
    const { id, username, email } = await reachable(app, { language: 'zh-CN' });
    await forget(app, username, { headers: { 'accept-language': 'en' } });
    expect(isChinese((await lastMailTo(app, email)).text)).toBe(true);
    await admin.done('PATCH', `/users/${id}`, { language: 'en' });
    await forget(app, username, CHINESE);
    expect(isChinese((await lastMailTo(app, email)).text)).toBe(false);
  });

  it('else that of the request, if it is theirs', async () => {
    const { username, email } = await reachable(app);
    await forget(app, username, CHINESE);
    expect(isChinese((await lastMailTo(app, email)).text)).toBe(true);
    const fresh = newAddress();
    await app.call('POST', '/signup/codes', { ...CHINESE, body: { email: fresh } });
    expect(isChinese((await lastMailTo(app, fresh)).subject)).toBe(true);
  });

  it('and never that of an administrator, or of somebody who wants the address', async () => {
    const { id, email } = await reachable(app);
    const set = { ...CHINESE, token: admin.admin.token };
    await app.call('POST', `/users/${id}/password`, { ...set, body: { new_password: NEW_PASSWORD } });
    await app.call('POST', `/users/${id}/invitation`, set);
    const { token } = await admin.person();
    await app.call('POST', '/me/email', { ...CHINESE, token, body: { email } });
    const mails = await mailsTo(app, email);
    expect(mails.map(({ text }) => isChinese(text))).toEqual([false, false, false]);
  });
});

describe('a new sign-in is told', () => {
  let network = 0;
  const signIn = (username: string, address: string, agent: string) =>
    app.signIn(username, PASSWORD, { headers: { 'x-forwarded-for': address, 'user-agent': agent } });
  const elsewhere = () => `198.51.100.${(network += 1)}`;

  it('only where network and program are both new, and not the first time', async () => {
    const { username, email } = await reachable(app);
    const home = elsewhere();
    const told = (address: string, agent: string) => noticesTo(email, () => signIn(username, address, agent));
    expect(await told(home, 'first')).toEqual([]);
    expect(await told(home, 'second')).toEqual([]);
    expect(await told(elsewhere(), 'first')).toEqual([]);
    const [notice, ...more] = await told('198.51.100.250', FIREFOX);
    expect(more).toEqual([]);
    expect(notice?.text).toContain('198.51.100.250');
    expect(notice?.text).toContain('Firefox on Linux');
    expect(notice?.text).not.toContain('Mozilla');
    expect(await told('198.51.100.250', 'third')).toEqual([]);
  });

  it('five times a day', async () => {
    const { username, email } = await reachable(app);
    await signIn(username, elsewhere(), 'home');
    const many = async () => {
      for (let n = 0; n < 7; n += 1) await signIn(username, elsewhere(), `agent ${(network += 1)}`);
    };
    expect(await noticesTo(email, many)).toHaveLength(5);
    app.clock.advance(DAY);
    admin = await Administration.of(app);
    expect(await noticesTo(email, () => signIn(username, elsewhere(), 'again'))).toHaveLength(1);
  });
});

describe('no text of a stranger stands in a mail', () => {
  it('whatever they write into fields and headers', async () => {
    const canary = 'http://evil.example/CANARY';
    const headers = {
      'user-agent': `Mozilla/5.0 Chrome/150 Windows ${canary}`,
      host: 'canary.evil.example',
      'x-forwarded-host': 'canary.evil.example',
      'x-forwarded-proto': 'canary',
      'x-forwarded-for': canary,
      forwarded: `for="${canary}";host=canary.evil.example`,
      'accept-language': `${canary}, canary`,
      referer: canary,
      origin: 'http://canary.evil.example',
      'x-request-id': 'CANARY',
    };
    const before = (await allMails(app)).length;
    const named = { full_name: `${canary} <b>CANARY</b>` };
    const person = await reachable(app, named);
    const { access_token: token } = await app.signIn(person.username, PASSWORD, { headers });
    const [fresh, wanted, invited] = [newAddress(), newAddress(), newAddress()];
    await app.call('PATCH', '/me', { token, headers, body: { full_name: `CANARY\u202E${canary}` } });
    await app.call('POST', '/signup/codes', { headers, body: { email: fresh } });
    await app.call('POST', '/signup/codes', { headers, body: { email: person.email } });
    await forget(app, person.username, { headers });
    await app.call('POST', '/me/email', { token, headers, body: { email: wanted } });
    await app.call('POST', '/me/email', { token, headers, body: { email: (await reachable(app)).email } });
    await app.call('POST', '/users', {
      token: admin.admin.token,
      headers,
      body: { username: 'invited-one', ...named, email: invited, invite: true },
    });
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    await app.call('POST', '/me/password', { token, headers, body });
    await app.call('DELETE', '/me', { token, headers });
    await allDone(app);

    const mails = (await allMails(app)).slice(before);
    expect(mails.length).toBe(8);
    const { folder } = app.config.mail;
    const raw = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
    );
    const all = [...raw, ...mails.flatMap(({ subject, text, html }) => [subject, text, html])].join('\n');
    expect(all.toLowerCase()).not.toMatch(/canary|evil/);
    for (const { html } of mails) expect(html).not.toMatch(/<img|<script|src=/);
    for (const { subject, code } of mails) if (code !== '') expect(subject).not.toContain(code);
  });

  it.each(['full_name', 'username', 'email'])('nor a line end in %s', async (field) => {
    const body = { username: 'somebody-else', full_name: 'X', email: newAddress(), password: PASSWORD };
    const value = `${field === 'email' ? newAddress() : 'somebody'}\r\nBcc: evil@example.com`;
    const answer = await admin.call('POST', '/users', { ...body, [field]: value });
    expect(answer.status).toBe(400);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { forget, NEW_PASSWORD, newAddress, reachable, tally, WIDE, wrong } from '../support/account.ts';
import { Administration, refusal, type UserData } from '../support/administration.ts';
import { ADMIN, PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { lastMailTo, mailsTo } from '../support/mails.ts';
import { allDone } from '../support/outbox.ts';

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SIGNUP: 'open', SELF_DELETION: 'true' } });
});
beforeEach(async () => {
  admin = await Administration.of(app);
});
afterAll(() => app.close());

const remove = (token: string) => app.call('DELETE', '/me', { token });

async function signUp(email: string, username: string): Promise<UserData> {
  await app.call('POST', '/signup/codes', { body: { email } });
  const { code } = await lastMailTo(app, email);
  const body = { email, code, username, full_name: 'Zephyrine Quillfeather', password: NEW_PASSWORD };
  return (await app.call<UserData>('POST', '/signup', { body })).body.data;
}

/** All tables but the record's, as text. */
async function withoutRecord(): Promise<string> {
  const tables: Record<string, unknown> = JSON.parse(await app.dump());
  const kept = Object.entries(tables).filter(([name]) => !name.startsWith('audit_'));
  return JSON.stringify(Object.fromEntries(kept));
}

/** The answer of a call during which a user goes, just before its transaction. */
async function deletedMeanwhile<T>(id: string, call: () => Promise<T>): Promise<T> {
  const { database } = app;
  const begin = Reflect.get(database, 'begin') as (deadline: number) => Promise<unknown>;
  Reflect.set(database, 'begin', async (deadline: number) => {
    Reflect.deleteProperty(database, 'begin');
    await database.query('DELETE FROM users WHERE id = ?', [id]);
    return begin.call(database, deadline);
  });
  return call();
}

describe('who deletes their account', () => {
  it('leaves no name, no address and no code, and gets a new id at the next sign-up', async () => {
    const [email, wanted] = [newAddress(), newAddress()];
    const { id } = await signUp(email, 'quillfeather');
    const { access_token: token, refresh_token } = await app.signIn(email, NEW_PASSWORD);
    await app.call('PATCH', '/me', { token, body: { full_name: 'Zephyrine Other', language: 'zh-CN' } });
    await app.call('POST', '/me/email', { token, body: { email: wanted } });
    await forget(app, email);
    await app.call('POST', '/password/reset', {
      body: { username: email, code: wrong((await lastMailTo(app, email)).code), new_password: NEW_PASSWORD },
    });
    const body = { current_password: NEW_PASSWORD, new_password: PASSWORD };
    await app.call('POST', '/me/password', { token, body });
    const mails = (await mailsTo(app, email)).length;

    expect((await remove(token)).text).toBe('{"code":0,"data":null,"msg":"ok"}');
    expect(refusal(await app.call('GET', '/me', { token }))).toEqual([401, 11002]);
    const renewal = { body: { refresh_token } };
    expect((await app.call('POST', '/tokens/renew_access', renewal)).status).toBe(401);
    const told = await mailsTo(app, email);
    expect(told).toHaveLength(mails + 1);
    expect(told.at(-1)?.subject).toMatch(/删除|delet/i);

    await allDone(app);
    const left = await withoutRecord();
    for (const trace of [email, wanted, 'quillfeather', 'Zephyrine', 'Quillfeather'])
      expect(left.toLowerCase().includes(trace.toLowerCase()), `${trace} is left`).toBe(false);
    const [event] = await admin.eventsOn(id);
    expect(event).toBeDefined();

    const again = await signUp(email, 'quillfeather');
    expect(again.id).not.toBe(id);
    await app.signIn('quillfeather', NEW_PASSWORD);
  });

  it('needs a fresh session, and no key', async () => {
    const { token, id } = await admin.person();
    app.clock.advance(11 * MINUTE);
    expect(refusal(await remove(token))).toEqual([403, 11012]);
    const again = { token, body: { password: PASSWORD } };
    expect((await app.call('POST', '/me/reauthentication', again)).status).toBe(200);
    expect((await remove(token)).status).toBe(200);
    expect(refusal(await admin.call('GET', `/users/${id}`)).at(-1)).not.toBe(0);
  });

  it('does it once, however often they ask at once', async () => {
    const email = newAddress();
    const { token, id } = await admin.person({ email });
    const answers = tally(await Promise.all(Array.from({ length: 20 }, () => remove(token))));
    const { '200/0': done = 0, '401/11002': late = 0 } = answers;
    expect(done).toBeGreaterThan(0);
    expect(done + late).toBe(20);
    const events = (await admin.eventsOn(id)).filter(({ action }) => action === 'user.deleted');
    expect([events.length, (await mailsTo(app, email)).length]).toEqual([1, 1]);
  });

  it('breaks no request for a code that is under way', async () => {
    const [one, other] = [await reachable(app), await admin.person()];
    const asked = await deletedMeanwhile(one.id, () => forget(app, one.username));
    const wanted = { token: other.token, body: { email: newAddress() } };
    const moved = await deletedMeanwhile(other.id, () => app.call('POST', '/me/email', wanted));
    expect([asked, moved].map(refusal)).toEqual([
      [200, 0],
      [200, 0],
    ]);
    expect([await mailsTo(app, one.email), await mailsTo(app, wanted.body.email)]).toEqual([[], []]);
  });

  it('is not signed in any more, whatever is under way', async () => {
    const [one, other] = [await admin.person(), await admin.person()];
    const renamed = await deletedMeanwhile(one.id, () =>
      app.call('PATCH', '/me', { token: one.token, body: { full_name: 'Another Name' } }),
    );
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    const changed = await deletedMeanwhile(other.id, () =>
      app.call('POST', '/me/password', { token: other.token, body }),
    );
    expect(refusal(renamed)).toEqual([401, 11002]);
    // Its password is the current one no more.
    expect(refusal(changed)).toEqual([403, 11005]);
  });

  it('is not the last administrator, also when two go at once', async () => {
    expect(refusal(await remove(admin.admin.token))).toEqual([409, 12006]);
    const second = await reachable(app, { roles: ['administrator'] });
    const { access_token: token } = await app.signIn(second.username, PASSWORD);
    const answers = await Promise.all([remove(admin.admin.token), remove(token)]);
    expect(tally(answers)).toEqual({ '200/0': 1, '409/12006': 1 });
    const stayed = answers[0]?.status === 409 ? ADMIN : second;
    const { access_token } = await app.signIn(stayed.username, stayed.password);
    expect(refusal(await remove(access_token))).toEqual([409, 12006]);
  });
});

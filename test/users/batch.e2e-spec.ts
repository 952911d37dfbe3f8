import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';

const NOBODY = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

interface Results {
  readonly results: Array<{ id: string; code: number; msg: string }>;
}

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

describe('POST /users/batch', () => {
  it('answers for each user, in the order given and once, what a call of its own would have answered', async () => {
    const [one, other] = [await admin.person(), await app.createUser()];
    const ids = [one.id, NOBODY, other.id, one.id, admin.admin.id];
    const { results } = await admin.done<Results>('POST', '/users/batch', { action: 'disable', ids });
    expect(results).toEqual([
      { id: one.id, code: 0, msg: 'ok' },
      { id: NOBODY, code: 12001, msg: 'There is no such user.' },
      { id: other.id, code: 0, msg: 'ok' },
      { id: admin.admin.id, code: 12006, msg: 'One active administrator must remain.' },
    ]);
    expect(refusal(await app.call('GET', '/me', { token: one.token }))).toEqual([401, 11002]);
    expect((await admin.user(other.id)).status).toBe('disabled');

    await admin.done('POST', '/users/batch', { action: 'enable', ids: [one.id] });
    expect((await admin.user(one.id)).status).toBe('active');
    await admin.done('POST', '/users/batch', { action: 'delete', ids: [one.id, other.id] });
    expect(refusal(await admin.call('GET', `/users/${one.id}`))).toEqual([404, 12001]);
    expect((await admin.eventsOn(one.id)).map(({ action }) => action).sort()).toEqual([
      'signin.succeeded',
      'user.created',
      'user.deleted',
      'user.disabled',
      'user.enabled',
    ]);
  });

  it('speaks the language of the caller', async () => {
    const { body } = await app.call<Results>('POST', '/users/batch', {
      token: admin.admin.token,
      headers: { 'accept-language': 'zh-CN' },
      body: { action: 'delete', ids: [NOBODY] },
    });
    expect(body.data.results[0]?.msg).toBe('该用户不存在。');
  });

  it('needs the permission of the action, before any row', async () => {
    const updater = await admin.personWith(['users:update']);
    const deleter = await admin.personWith(['users:delete']);
    const { id } = await app.createUser();
    const batch = (token: string, action: string) =>
      app.call<Results>('POST', '/users/batch', { token, body: { action, ids: [id] } });
    expect(refusal(await batch(updater.token, 'delete'))).toEqual([403, 11004]);
    expect(refusal(await batch(deleter.token, 'disable'))).toEqual([403, 11004]);
    expect(refusal(await batch(deleter.token, 'enable'))).toEqual([403, 11004]);
    expect((await batch(updater.token, 'disable')).body.data.results).toMatchObject([{ code: 0 }]);
    expect((await batch(deleter.token, 'delete')).body.data.results).toMatchObject([{ code: 0 }]);
  });

  it('stops at nobody who holds more than the caller', async () => {
    const updater = await admin.personWith(['users:update']);
    const { body } = await app.call<Results>('POST', '/users/batch', {
      token: updater.token,
      body: { action: 'disable', ids: [admin.admin.id, updater.id] },
    });
    expect(body.data.results.map(({ code }) => code)).toEqual([13005, 12007]);
  });

  it.each([
    [{ action: 'disable', ids: [] }],
    [{ action: 'disable', ids: ['x'] }],
    [{ action: 'disable', ids: [NOBODY.toUpperCase()] }],
    [{ action: 'disable', ids: NOBODY }],
    [{ action: 'disable', ids: { 0: NOBODY } }],
    [{ action: 'disable', ids: [[NOBODY]] }],
    [{ action: 'disable', ids: Array.from({ length: 201 }, () => NOBODY) }],
    [{ action: 'purge', ids: [NOBODY] }],
    [{ action: ['delete'], ids: [NOBODY] }],
    [{ ids: [NOBODY] }],
    [{ action: 'enable' }],
  ])('refuses %j', async (body) => {
    expect(refusal(await admin.call('POST', '/users/batch', body))).toEqual([400, 10001]);
  });

  it('says of an id that is none what is wrong with it', async () => {
    const run = (ids: unknown) => admin.call('POST', '/users/batch', { action: 'enable', ids });
    expect(refusals(await run(NOBODY))).toEqual(['ids: list']);
    expect(refusals(await run([NOBODY, 1]))).toEqual(['ids: strings']);
    expect(refusals(await run([NOBODY, NOBODY.toUpperCase()]))).toEqual(['ids: ids']);
  });

  it('refuses 10 000 ids as too large a body', async () => {
    const ids = Array.from({ length: 10_000 }, () => NOBODY);
    expect(refusal(await admin.call('POST', '/users/batch', { action: 'delete', ids }))).toEqual([
      413, 10005,
    ]);
  });
});

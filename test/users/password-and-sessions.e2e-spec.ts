import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';

const NOBODY = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

describe('POST /users/{id}/password', () => {
  const next = 'another-lantern-gravel-77';

  it('sets the password and ends every session', async () => {
    const person = await admin.person();
    await admin.done('POST', `/users/${person.id}/password`, { new_password: next });
    expect(refusal(await app.call('GET', '/me', { token: person.token }))).toEqual([401, 11002]);
    await app.signIn(person.username, next);
    expect((await admin.eventsOn(person.id)).map(({ action }) => action)).toContain('password.reset');
  });

  it('refuses what the policy refuses, with the field that was sent', async () => {
    const { id, username } = await app.createUser();
    for (const bad of [
      '',
      'short',
      'password1',
      `${username}-x`,
      'x'.repeat(257),
      `pass-word-${'\ud800'}-x`,
    ]) {
      const answer = await admin.call<{ errors: Array<{ field: string }> }>('POST', `/users/${id}/password`, {
        new_password: bad,
      });
      expect(refusal(answer)).toEqual([400, 12005]);
      expect(answer.body.data.errors[0]?.field).toBe('new_password');
    }
    expect(refusal(await admin.call('POST', `/users/${NOBODY}/password`, { new_password: 'short' }))).toEqual(
      [404, 12001],
    );
    expect(refusal(await admin.call('POST', `/users/${id}/password`, {}))).toEqual([400, 10001]);
  });

  it('sets nobody’s own password, which asks for the current one', async () => {
    const helper = await admin.personWith(['users:set_password']);
    const other = await admin.person({ roles: ['administrator'] });
    for (const { token, id, username, password } of [helper, other]) {
      for (const new_password of [next, 'short']) {
        const answer = await app.call('POST', `/users/${id}/password`, { token, body: { new_password } });
        expect(refusal(answer)).toEqual([409, 12007]);
      }
      expect((await app.call('GET', '/me', { token })).status).toBe(200);
      await app.signIn(username, password);
      expect((await admin.eventsOn(id)).map(({ action }) => action)).not.toContain('password.reset');
      await admin.done('POST', `/users/${id}/password`, { new_password: next });
    }
  });
});

describe('the sessions of a user', () => {
  it('are listed, ended one by one, and ended all', async () => {
    const person = await admin.person();
    await app.signIn(person.username, person.password);
    const list = () =>
      admin.done<{ items: Array<{ id: string; current: boolean }>; total: number }>(
        'GET',
        `/users/${person.id}/sessions`,
      );
    const before = await list();
    expect(before.total).toBe(2);
    expect(before.items.every(({ current }) => !current)).toBe(true);

    expect(await admin.done('DELETE', `/users/${person.id}/sessions/${person.sessionId}`)).toBeNull();
    expect(refusal(await app.call('GET', '/me', { token: person.token }))).toEqual([401, 11002]);
    expect(refusal(await admin.call('DELETE', `/users/${person.id}/sessions/${person.sessionId}`))).toEqual([
      404, 11006,
    ]);
    expect(await admin.done('DELETE', `/users/${person.id}/sessions`)).toEqual({ ended: 1 });
    expect((await list()).total).toBe(0);
  });

  it("are absent under another user's id", async () => {
    const [one, other] = [await admin.person(), await admin.person()];
    expect(refusal(await admin.call('DELETE', `/users/${other.id}/sessions/${one.sessionId}`))).toEqual([
      404, 11006,
    ]);
    expect(refusal(await admin.call('DELETE', `/users/${NOBODY}/sessions/${one.sessionId}`))).toEqual([
      404, 12001,
    ]);
    expect(refusal(await admin.call('GET', `/users/${NOBODY}/sessions`))).toEqual([404, 12001]);
    expect((await app.call('GET', '/me', { token: one.token })).status).toBe(200);
  });
});

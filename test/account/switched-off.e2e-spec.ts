import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureCurrentKeys } from '../../src/keyring/key-rotation.ts';
import { forget, newAddress, reachable } from '../support/account.ts';
import { Administration, refusal } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { rowsOf } from '../support/outbox.ts';

/** Production with nothing set but what it needs: no way to send mail, and nothing switched on. */
let app: TestApp;
let admin: Administration;
let keys: string;
beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  const keysFile = join(keys, 'keys.json');
  await ensureCurrentKeys(keysFile, { now: Date.now() });
  app = await startApp({
    env: {
      KEYS_FILE: keysFile,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      TOKEN_ISSUER: 'https://issuer.test',
      TOKEN_AUDIENCE: 'test',
      MANAGEMENT_PORT: String(await freePort()),
    },
  });
  admin = await Administration.of(app);
});
afterAll(async () => {
  await app.close();
  await rm(keys, { recursive: true });
});

describe('where sign-up is closed', () => {
  it('nobody can sign up, whoever asks and with whatever', async () => {
    const { email } = await reachable(app);
    for (const address of [email, newAddress()]) {
      const profile = { username: 'somebody', full_name: 'Some Body', password: 'harbour-violet-compass-88' };
      const asked = await app.call('POST', '/signup/codes', { body: { email: address } });
      expect(refusal(asked)).toEqual([403, 12008]);
      const body = { ...profile, email: address, code: '123456' };
      expect(refusal(await app.call('POST', '/signup', { body }))).toEqual([403, 12008]);
    }
  });
});

describe('where own deletion is off', () => {
  it('nobody deletes their account', async () => {
    const { token, id } = await admin.person();
    expect(refusal(await app.call('DELETE', '/me', { token }))).toEqual([403, 12010]);
    expect((await admin.user(id)).status).toBe('active');
  });
});

describe('where no mail can be sent', () => {
  it('calls that need one are refused, for whomever, and nothing is made', async () => {
    const person = await admin.person({ email: newAddress() });
    for (const name of [person.username, 'nobody-at-all'])
      expect(refusal(await forget(app, name))).toEqual([409, 16002]);
    const { token } = person;
    const wanted = { token, body: { email: newAddress() } };
    expect(refusal(await app.call('POST', '/me/email', wanted))).toEqual([409, 16002]);
    expect(refusal(await admin.call('POST', `/users/${person.id}/invitation`))).toEqual([409, 16002]);
    const body = { username: 'invited', full_name: 'A Person', email: newAddress(), invite: true };
    expect(refusal(await admin.call('POST', '/users', body))).toEqual([409, 16002]);
    const { items } = await admin.done<{ items: unknown[] }>('GET', '/users?q=invited');
    expect(items).toEqual([]);
  });

  it('all else works, without a message', async () => {
    const person = await admin.person({ email: newAddress() });
    await admin.done('PATCH', `/users/${person.id}`, { email: newAddress() });
    const body = { new_password: 'harbour-violet-compass-88', must_change_password: true };
    await admin.done('POST', `/users/${person.id}/password`, body);
    expect(await rowsOf(app)).toEqual([]);
  });
});

describe('where no domain of passkeys is named', () => {
  it('nobody adds one or signs in with one', async () => {
    const { token } = await admin.person();
    expect(refusal(await app.call('POST', '/me/passkeys/options', { token }))).toEqual([409, 11013]);
    expect(refusal(await app.call('POST', '/signin/passkey/options'))).toEqual([409, 11013]);
  });
});

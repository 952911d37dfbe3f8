import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../src/keyring/keyring.ts';
import { retireKeys, rotateKeys } from '../../src/keyring/key-rotation.ts';
import { forget, NEW_PASSWORD, reachable, reset, trySignIn, WIDE } from '../support/account.ts';
import { refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { lastMailTo } from '../support/mails.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: WIDE });
});
afterAll(() => app.close());

const file = () => app.config.keyring.keysFile;

/** As an operator does when a sealing key has leaked; replicas read the file within 30 s. */
async function rotate(): Promise<void> {
  await rotateKeys(file(), { now: app.clock.now(), uses: ['enc'], force: true });
  app.nest.get(Keyring, { strict: false }).reread();
}

async function challengeOf(username: string): Promise<string> {
  const answer = await trySignIn(app, username, PASSWORD);
  return (answer.body.data as unknown as { challenge: string }).challenge;
}

function meet(challenge: string) {
  return app.call('POST', '/signin/password', { body: { challenge, new_password: NEW_PASSWORD } });
}

describe('a rotation of the sealing key', () => {
  it('ends no code, link or sign-in that is under way', async () => {
    const person = await reachable(app);
    const demanded = await reachable(app, { must_change_password: true });
    await forget(app, person.username);
    const { code } = await lastMailTo(app, person.email);
    const challenge = await challengeOf(demanded.username);
    await rotate();
    expect((await reset(app, { username: person.username, code, new_password: NEW_PASSWORD })).status).toBe(
      200,
    );
    expect((await meet(challenge)).status).toBe(200);
  });

  it('makes new codes with the new key', async () => {
    const { username, email } = await reachable(app);
    await forget(app, username);
    const before = await lastMailTo(app, email);
    await rotate();
    await forget(app, username);
    const after = await lastMailTo(app, email);
    expect(after.code).not.toBe(before.code);
    expect((await reset(app, { username, code: after.code, new_password: NEW_PASSWORD })).status).toBe(200);
  });

  it('that is followed by the loss of the key is a failure of ours for a code, and a sign-in to begin again', async () => {
    const person = await reachable(app);
    const demanded = await reachable(app, { must_change_password: true });
    await forget(app, person.username);
    const { code } = await lastMailTo(app, person.email);
    const challenge = await challengeOf(demanded.username);
    await rotate();
    await retireKeys(file(), { now: app.clock.now(), accessTtl: 0, uses: ['enc'], force: true });
    app.nest.get(Keyring, { strict: false }).reread();
    const answer = await reset(app, { username: person.username, code, new_password: NEW_PASSWORD });
    expect(refusal(answer)).toEqual([503, 10010]);
    expect(app.lines.join('')).toContain('a code was made with a key that is not in KEYS_FILE');
    expect(refusal(await meet(challenge))).toEqual([403, 11009]);
  });
});

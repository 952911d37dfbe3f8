import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECOND } from '../../src/platform/time/clock.ts';
import { forgedBodies } from '../support/tokens/forged-bodies.ts';
import { forgedHeaders } from '../support/tokens/forged-headers.ts';
import { Keyring } from '../../src/keyring/keyring.ts';
import { forge, type Scene } from '../support/tokens/tokens.ts';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let scene: Scene;
beforeAll(async () => {
  app = await startApp();
  const user = await app.createUser();
  const session = await app.signIn(user.username, user.password);
  const { issuer, audience } = app.config.tokens;
  const { kid, privateKey: key } = app.nest.get(Keyring, { strict: false }).current();
  const header = { alg: 'ES256', typ: 'at+jwt', kid };
  const iat = Math.floor(app.clock.now() / SECOND);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: user.id,
    sid: session.session_id,
    jti: '5b6c7d8e-9fa0-4b1c-ad2e-3f4051627384',
    iat,
    exp: iat + 900,
  };
  scene = { header, claims, key, good: forge(header, claims, key) };
});
afterAll(() => app.close());

const refusal = async (token: string | undefined) => {
  const { status, text } = await app.call('GET', '/me', token === undefined ? {} : { token });
  return { status, text };
};

/** What no request can carry: characters that a header may not have, and more than it may hold. */
const UNSENDABLE = [
  'a trailing newline',
  'a null byte inside',
  'a full-width full stop',
  'full-width letters',
  'ten megabytes',
  'a million dots',
];
const sendable = Object.entries({ ...forgedHeaders, ...forgedBodies }).filter(
  ([name]) => !UNSENDABLE.includes(name),
);

describe('a forged access token', () => {
  it.each(sendable)('opens nothing, and is answered like none: %s', async (_name, make) => {
    // The one that it is forged from is good, and remembered.
    expect((await app.call('GET', '/me', { token: scene.good })).status).toBe(200);
    expect(await refusal(make(scene))).toEqual({ ...(await refusal(undefined)), status: 401 });
  });

  it('opens nothing for one user with the session of another', async () => {
    const { id: sub } = await app.createUser();
    const token = forge(scene.header, { ...scene.claims, sub }, scene.key);
    expect(await refusal(token)).toEqual({ ...(await refusal(undefined)), status: 401 });
  });
});

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createVerifier, declare, Refused, tokenSource, type Verifier } from '../../packages/verify/src/index.ts';
import { tellStory } from '../../packages/verify/test/story.ts';
import { AuditSequencer } from '../../src/audit/audit.sequencer.ts';
import { rotateKeys } from '../../src/keyring/key-rotation.ts';
import { Keyring } from '../../src/keyring/keyring.ts';
import { Administration, type RoleData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { codesOf, createApplication } from '../support/applications.ts';
import { createKey, createServiceAccount } from '../support/keys.ts';

let app: TestApp;
let admin: Administration;
let place: { url: string; issuer: string; audience: string };

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
  const { issuer, audience } = app.config.tokens;
  place = { url: app.url, issuer, audience };
});
afterAll(() => app.close());

function offline(): Verifier {
  const verifier = createVerifier(place);
  onTestFinished(() => verifier.close());
  return verifier;
}

/** An application, the service account that owns it, and a key of that account. */
async function shop(permissions: readonly string[]) {
  const { id } = await createServiceAccount(admin, permissions);
  const { secret: key, id: keyId } = await createKey(admin, id, permissions);
  const application = await createApplication(admin, [], id);
  return { serviceId: id, key, keyId, application };
}

describe('the verification kit', () => {
  it('verifies what Gatehouse signed, and nothing else', async () => {
    const verifier = offline();
    const { id, token, sessionId } = await admin.person();
    expect(await verifier.verify(token)).toMatchObject({ userId: id, sessionId });
    const altered = token.at(-9) === 'A' ? 'B' : 'A';
    await expect(verifier.verify(`${token.slice(0, -9)}${altered}${token.slice(-8)}`)).rejects.toBeInstanceOf(Refused);
    const stranger = createVerifier({ ...place, audience: 'others' });
    onTestFinished(() => stranger.close());
    await expect(stranger.verify(token)).rejects.toBeInstanceOf(Refused);
  });

  it('refuses nobody while the keys rotate', async () => {
    const verifier = offline();
    const { keysFile } = app.config.keyring;
    const person = await admin.person();
    const tokens = [person.token];
    for (let turn = 0; turn < 2; turn++) {
      await rotateKeys(keysFile, { now: app.clock.now(), force: true });
      app.nest.get(Keyring).reread();
      tokens.push((await app.signIn(person.username, person.password)).access_token);
      const all = Array.from({ length: 100 }, (_, i) => verifier.verify(tokens[i % tokens.length] ?? ''));
      expect(new Set((await Promise.all(all)).map(({ userId }) => userId))).toEqual(new Set([person.id]));
    }
  });

  it('makes access tokens from a key, which are the service account’s', async () => {
    const { key, keyId, serviceId } = await shop(['applications:declare']);
    const token = tokenSource({ url: app.url, key });
    expect(await offline().verify(await token())).toMatchObject({ userId: serviceId, sessionId: keyId });
    await admin.done('DELETE', `/keys/${keyId}`);
    await expect(tokenSource({ url: app.url, key })()).rejects.toBeInstanceOf(Refused);
  });

  it('declares the permissions of its own application, and of no other', async () => {
    const { key, application } = await shop(['applications:declare']);
    const permissions = [{ code: 'orders:read', description: { en: 'Read orders' } }];
    const done = await declare({ url: app.url, key, application: application.key, permissions });
    expect(done).toMatchObject({ added: 1, codesAdded: ['orders:read'] });
    expect(await codesOf(admin, application.id)).toEqual({ 'orders:read': [false, 0] });
    const other = await createApplication(admin);
    const refused = declare({ url: app.url, key, application: other.key, permissions });
    await expect(refused).rejects.toMatchObject({ status: 404, code: 13006 });
  });
});

describe('the verification kit with changes', () => {
  it('knows within two seconds who is out and who may do what, behind three frameworks', async () => {
    const { key, application } = await shop(['applications:declare', 'tokens:introspect']);
    await declare({ url: app.url, key, application: application.key, permissions: [{ code: 'orders:read' }] });
    const roles = new Map<string, RoleData>();
    const listed = (codes: readonly string[]) => codes.map((code) => `${application.key}/${code}`);
    // The program does this every second.
    const numbering = setInterval(() => void app.nest.get(AuditSequencer).number(), 500);
    onTestFinished(() => clearInterval(numbering));
    const took = await tellStory({
      verifier: { ...place, key, application: application.key },
      signIn: async (codes) => {
        const role = await admin.role(listed(codes));
        const { id: userId, token, sessionId } = await admin.person({ roles: [role.key] });
        roles.set(userId, role);
        return { userId, token, sessionId };
      },
      end: async ({ userId }) => admin.done('DELETE', `/users/${userId}/sessions`),
      permit: async ({ userId }, codes) => {
        await admin.done('PATCH', `/roles/${roles.get(userId)?.id}`, { permissions: listed(codes) });
      },
    });
    expect(Math.max(...took)).toBeLessThan(2_000);
  });
});

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createOn, getOn, VirtualAuthenticator } from '../support/authenticator.ts';
import { launchChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { add, demandFor, passkeyAlone, passwordFirst, show } from '../support/passkeys.ts';
import { handleOf } from '../support/software-authenticator.ts';

let app: TestApp;
let admin: Administration;
let browser: Browser;
let port: number;
let page: Page;
let device: VirtualAuthenticator;
let person: Person;

beforeAll(async () => {
  port = await freePort();
  // With nothing but the defaults of a trial.
  app = await startApp({ env: { PORT: String(port), SIGNIN_ADDRESS_ATTEMPTS: '1000000' } });
  admin = await Administration.of(app);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});
beforeEach(async () => {
  page = await browser.newPage();
  await page.goto(`http://localhost:${port}/codes`);
  device = await VirtualAuthenticator.of(page);
  person = await admin.person();
});
afterEach(() => page.context().close());

async function enrol(): Promise<void> {
  const { challenge, passkey } = await demandFor(app, person.token);
  const credential = await createOn(page, passkey);
  const { status, text } = await add(app, person.token, { challenge, credential });
  expect(status, text).toBe(201);
}

/** The answer to a passkey used on the page, after the password or alone. */
async function use(how: 'after the password' | 'alone', on: Page = page) {
  const { challenge, passkey } =
    how === 'alone' ? await passkeyAlone(app) : await passwordFirst(app, person.username, person.password);
  return show(app, challenge, await getOn(on, passkey));
}

describe('a passkey of a browser', () => {
  it('is made for the person, on a page of the service', async () => {
    await enrol();
    const [made] = await device.credentials();
    expect(made?.rpId).toBe('localhost');
    expect(Buffer.from(made?.userHandle ?? '', 'base64').toString('base64url')).toBe(handleOf(person.id));
  });

  it('is not made twice in one device', async () => {
    await enrol();
    const { passkey } = await demandFor(app, person.token);
    await expect(createOn(page, passkey)).rejects.toThrow(/InvalidStateError/);
  });

  it.each(['after the password', 'alone'] as const)('signs in %s', async (how) => {
    await enrol();
    const answer = await use(how);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.data.user.username).toBe(person.username);
    const token = answer.body.data.access_token;
    expect((await app.call('GET', '/me', { token })).status).toBe(200);
  });

  it('is not offered by a browser that does not know its person', async () => {
    await enrol();
    await device.setUserVerified(false);
    await expect(use('alone')).rejects.toThrow(/NotAllowedError/);
  });

  it.each([
    ['does not say that it knows its person', { isBadUV: true }],
    ['does not say that somebody is there', { isBadUP: true }],
    ['signs wrongly', { isBogusSignature: true }],
  ])('is refused if the authenticator %s', async (_, bits) => {
    await enrol();
    await device.lie(bits);
    for (const how of ['after the password', 'alone'] as const)
      expect(refusal(await use(how))).toEqual([403, 11008]);
    await device.lie({});
    expect((await use('alone')).status).toBe(200);
  });

  it('is not made if the authenticator does not say that it knows its person', async () => {
    await device.lie({ isBadUV: true });
    const { challenge, passkey } = await demandFor(app, person.token);
    const credential = await createOn(page, passkey);
    expect(refusal(await add(app, person.token, { challenge, credential }))).toEqual([403, 11008]);
  });

  it('that was used on another page of the machine is refused', async () => {
    const other = await startApp({ env: { PORT: String(await freePort()) } });
    try {
      await enrol();
      await page.goto(`${other.url.replace('127.0.0.1', 'localhost')}/codes`);
      for (const how of ['after the password', 'alone'] as const)
        expect(refusal(await use(how))).toEqual([403, 11008]);
    } finally {
      await other.close();
    }
  });

  it('is not to be had on a page with an address in place of a name', async () => {
    await enrol();
    await page.goto(`http://127.0.0.1:${port}/codes`);
    await expect(use('alone')).rejects.toThrow(/SecurityError|not a valid domain/);
  });
});

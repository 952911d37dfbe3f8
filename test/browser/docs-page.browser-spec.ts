import { mkdirSync } from 'node:fs';
import { Secret, TOTP } from 'otpauth';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SECOND } from '../../src/platform/time/clock.ts';
import { Administration } from '../support/administration.ts';
import { WITH_DOCS, startApp, type TestApp } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';

const SCREENSHOTS = 'test-artefacts';

let app: TestApp;
let browser: Browser;
let page: Page;
/** What the browser complained about: blocked by the policy, not found, an exception. */
let complaints: string[];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  app = await startApp({ env: { ...WITH_DOCS, SECOND_FACTOR_REQUIRED: 'guarded' } });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});
afterEach(() => page.context().close());

async function open(width: number, height: number): Promise<void> {
  page = await browser.newPage({ viewport: { width, height } });
  page.setDefaultTimeout(60_000);
  complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(app.url) && !request.url().startsWith('data:'))
      complaints.push(request.url());
  });
  await page.goto(app.url);
  await page.locator('#session').filter({ hasText: 'Not signed in' }).waitFor();
}

function operation(id: string): Locator {
  return page.locator(`[id="operations-${id}"]`);
}

/** Presses Execute and waits for the answer. @returns what the page shows of it */
async function execute(id: string): Promise<string> {
  const block = operation(id);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => !response.url().includes('/docs')),
    block.getByRole('button', { name: 'Execute' }).click(),
  ]);
  const shown = block.locator('.live-responses-table');
  await shown.getByText(answer.headers()['x-request-id'] ?? '').waitFor();
  return shown.innerText();
}

async function expand(id: string): Promise<void> {
  await operation(id).locator('.opblock-summary-control').click();
}

async function signIn(): Promise<void> {
  // Prefilled; only the password is one's own.
  const body = operation('Sign-in-signIn').locator('textarea');
  const example: { username: string; password: string } = JSON.parse(await body.inputValue());
  expect(example.username).toBe('admin');
  await body.fill(JSON.stringify({ ...example, password: app.admin.password }));
  expect(await execute('Sign-in-signIn')).toMatch(/200[^]*access_token/);
}

/** What the app of a person shows. */
function codeOf(secret: string): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: app.clock.now() });
}

/** Signs in as somebody of whom more is demanded. */
async function begin(body: { username: string; password: string }, code: number): Promise<void> {
  await open(1_280, 900);
  await operation('Sign-in-signIn').locator('textarea').fill(JSON.stringify(body));
  expect(await execute('Sign-in-signIn')).toContain(`"code": ${code}`);
}

/** Whether the page has led there, below its bar. */
async function isAtTop(id: string): Promise<boolean> {
  const { y = -1 } = (await operation(id).boundingBox()) ?? {};
  return y >= 40 && y < 120;
}

/** Fills in the code and leaves the challenge as the page has it. */
async function sendCode(secret: string, username: string): Promise<void> {
  const body = operation('Sign-in-signInWithCode').locator('textarea');
  const example: { challenge: string } = JSON.parse(await body.inputValue());
  await body.fill(JSON.stringify({ ...example, code: codeOf(secret) }));
  expect(await execute('Sign-in-signInWithCode')).toMatch(/200[^]*access_token/);
  expect(await page.locator('#session').innerText()).toBe(`Signed in as ${username}`);
}

describe('/docs', () => {
  it.each([
    ['wide', 1_280, 900],
    ['narrow', 390, 800],
  ])('leads from nothing to /me with three clicks in a %s window', async (name, width, height) => {
    await open(width, height);
    await page.screenshot({ path: `${SCREENSHOTS}/docs-${name}-1-opened.png` });
    await signIn();
    expect(await page.locator('#session').innerText()).toBe('Signed in as admin');
    await page.screenshot({ path: `${SCREENSHOTS}/docs-${name}-2-signed-in.png` });
    await expand('Me-getMe');
    expect(await execute('Me-getMe')).toMatch(/200[^]*"username": "admin"[^]*Request duration\s+\d+ ms/);
    await page.screenshot({ path: `${SCREENSHOTS}/docs-${name}-3-me.png` });
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(overflow, 'nothing to scroll sideways').toBe(0);
    expect(complaints).toEqual([]);
  });

  it('stays signed in over a reload, until one signs out', async () => {
    await open(1_280, 900);
    await signIn();
    await page.reload();
    await page.locator('#session').filter({ hasText: 'Signed in' }).waitFor();
    await expand('Me-getMe');
    expect(await execute('Me-getMe')).toContain('"username": "admin"');
    await expand('Sign-in-signOut');
    expect(await execute('Sign-in-signOut')).toContain('"code": 0');
    expect(await page.locator('#session').innerText()).toBe('Signed out');
    expect(complaints).toEqual([]);

    // The browser reports every 401 on its console.
    const again = await execute('Me-getMe');
    expect(again).toMatch(/401[^]*"code": 11002/);
    expect(await operation('Me-getMe').locator('.curl-command').innerText()).not.toContain('Authorization');
    await page.screenshot({ path: `${SCREENSHOTS}/docs-wide-4-signed-out.png` });
  });

  it('offers the refresh token where one is asked for', async () => {
    await open(1_280, 900);
    await signIn();
    await expand('Sign-in-renewAccess');
    expect(await execute('Sign-in-renewAccess')).toMatch(/200[^]*access_token_expires_at/);
    await expand('Me-getMe');
    expect(await execute('Me-getMe')).toContain('"username": "admin"');
    expect(complaints).toEqual([]);
  });

  it('leads on where the sign-in demands a new password', async () => {
    const { id, username, password } = await app.createUser({ must_change_password: true });
    await open(1_280, 900);
    await operation('Sign-in-signIn').locator('textarea').fill(JSON.stringify({ username, password }));
    expect(await execute('Sign-in-signIn')).toContain('"code": 11010');
    expect(await page.locator('#session').innerText()).toBe('A new password is needed');

    const body = operation('Sign-in-signInWithNewPassword').locator('textarea');
    const example: { challenge: string } = JSON.parse(await body.inputValue());
    await body.fill(JSON.stringify({ ...example, new_password: 'chosen on the page 31' }));
    expect(await execute('Sign-in-signInWithNewPassword')).toMatch(/200[^]*access_token/);
    expect(await page.locator('#session').innerText()).toBe(`Signed in as ${username}`);
    await expand('Me-getMe');
    expect(await execute('Me-getMe')).toContain(`"username": "${username}"`);

    const { access_token: token } = await app.signIn();
    await app.call('DELETE', `/users/${id}/sessions`, { token });
    expect(await execute('Me-getMe')).toContain('"code": 11002');
    expect(await page.locator('#session').innerText()).toBe('The session has ended');
  });

  it('asks for the code of an app', async () => {
    const { username, password } = await app.createUser();
    const { access_token: token } = await app.signIn(username, password);
    const proposed = await app.call<{ challenge: string; secret: string }>('POST', '/me/totp', { token });
    const { challenge, secret } = proposed.body.data;
    const body = { challenge, code: codeOf(secret) };
    expect((await app.call('POST', '/me/totp/confirm', { token, body })).status).toBe(200);
    // The code that confirmed it is used up.
    app.clock.advance(30 * SECOND);

    await begin({ username, password }, 11007);
    expect(await page.locator('#session').innerText()).toBe('A code is needed');
    await expect.poll(() => isAtTop('Sign-in-signInWithCode')).toBe(true);
    await page.screenshot({ path: `${SCREENSHOTS}/docs-wide-6-code.png` });
    await sendCode(secret, username);
  });

  it('leads through setting up an app where a second factor is required', async () => {
    const admin = await Administration.of(app);
    await admin.role([], 'guarded');
    const { username, password } = await app.createUser({ roles: ['guarded'] });
    await begin({ username, password }, 11011);
    expect(await page.locator('#session').innerText()).toBe('An authenticator app must be set up');

    const proposed = await execute('Sign-in-enrolTotp');
    const secret = /"secret": "([A-Z2-7]+)"/.exec(proposed)?.[1] ?? '';
    expect(await page.locator('#session').innerText()).toBe(`Add ${secret} to your app, then send its code`);
    await expect.poll(() => isAtTop('Sign-in-signInWithCode')).toBe(true);
    await page.screenshot({ path: `${SCREENSHOTS}/docs-wide-7-app.png` });
    await sendCode(secret, username);
  });

  it('unfolds the conventions', async () => {
    await open(1_280, 900);
    const section = page.getByRole('heading', { name: 'Every answer is one envelope' });
    expect(await section.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Conventions' }).click();
    expect(await section.isVisible()).toBe(true);
    await page.screenshot({ path: `${SCREENSHOTS}/docs-wide-5-conventions.png`, fullPage: true });
  });
});

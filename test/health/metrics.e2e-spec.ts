import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureCurrentKeys } from '../../src/keyring/key-rotation.js';
import { freePort } from '../support/free-port.ts';
import { ADMIN, startApp, type TestApp } from '../support/app.ts';

/** Label values that are no route template: results, states and what the runtime tells of itself. */
const WORDS = /^[A-Za-z0-9_.+-]{0,32}$/;
const TEMPLATE = /^(none|\/[a-z_.-]*(\/(:[a-z_]+|[a-z_.-]+))*)$/;

describe('metrics', () => {
  let app: TestApp;
  let management: string;

  beforeAll(async () => {
    const port = await freePort();
    management = `http://127.0.0.1:${port}`;
    app = await startApp({ env: { MANAGEMENT_PORT: String(port), SIGNIN_ACCOUNT_ATTEMPTS: '2' } });
  });
  afterAll(() => app.close());

  const post = (path: string, body: unknown) =>
    fetch(app.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Canary-Agent' },
      body: JSON.stringify(body),
    });
  const read = async () => (await fetch(`${management}/metrics`)).text();

  it('counts sign-ins and renewals by result, and what a budget refused', async () => {
    expect((await post('/signin', ADMIN)).status).toBe(200);
    for (const status of [401, 401, 429]) {
      const answer = await post('/signin', { username: 'canary.person', password: 'canary-password' });
      expect(answer.status).toBe(status);
    }
    expect((await post('/tokens/renew_access', { refresh_token: 'canary-token' })).status).toBe(401);

    const text = await read();
    expect(text).toContain('gatehouse_sign_ins_total{result="succeeded"} 1');
    expect(text).toContain('gatehouse_sign_ins_total{result="refused"} 2');
    expect(text).toContain('gatehouse_sign_ins_total{result="limited"} 1');
    expect(text).toContain('gatehouse_renewals_total{result="refused"} 1');
    expect(text).toContain('gatehouse_limited_total{budget="name"} 1');
  });

  it('leaves probes and scrapes out of the times of the API', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/nothing']) {
      for (const base of path === '/nothing' ? [management] : [management, app.url]) await fetch(base + path);
    }
    await fetch(`${app.url}/codes`);
    const text = await read();
    const routes = [...text.matchAll(/http_request_duration_seconds_count\{[^}]*route="([^"]*)"/g)];
    const measured = new Set(routes.map(([, route]) => route));
    expect(measured).toContain('/codes');
    for (const route of ['/health/live', '/health/ready', '/metrics', 'none'])
      expect(measured).not.toContain(route);
  });

  it.each(['/metrics', '/health/live', '/health/ready'])('takes no input: %s', async (path) => {
    const answer = await fetch(`${management}${path}?canary=1`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 10001, data: { errors: [{ field: 'canary' }] } });
    expect((await fetch(management + path)).status).toBe(200);
  });

  it('has no label but route templates and words of its own', async () => {
    await fetch(`${app.url}/users/canary-id?q=canary`);
    await fetch(`${app.url}/canary/path`);
    const text = await read();
    expect(text).not.toMatch(/canary/i);
    expect(text).not.toContain(ADMIN.username + '"');
    const labels = [...text.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => ({ name, value }));
    expect(labels.length).toBeGreaterThan(20);
    const odd = labels.filter(({ name, value }) => !(name === 'route' ? TEMPLATE : WORDS).test(value ?? ''));
    expect(odd).toEqual([]);
  });
});

describe('metrics in production', () => {
  it('stand on the management port alone', async () => {
    const port = await freePort();
    const keys = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
    const keysFile = join(keys, 'keys.json');
    await ensureCurrentKeys(keysFile, { now: Date.now() });
    const app = await startApp({
      env: {
        KEYS_FILE: keysFile,
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        TOKEN_ISSUER: 'https://issuer.test',
        TOKEN_AUDIENCE: 'test',
        MANAGEMENT_PORT: String(port),
      },
    });
    try {
      expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('gatehouse_http_request_duration_seconds');
    } finally {
      await app.close();
      await rm(keys, { recursive: true });
    }
  });
});

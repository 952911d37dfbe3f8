import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { Draining } from '../../src/platform/http/http-settings.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { expectFailure, plain } from '../support/envelope.ts';
import { freePort } from '../support/free-port.ts';
import { sendRaw } from '../support/raw.ts';

let app: TestApp;
let management: string;
beforeAll(async () => {
  const port = await freePort();
  management = `http://127.0.0.1:${port}`;
  app = await startApp({ env: { MANAGEMENT_PORT: String(port) } });
});
afterAll(() => app.close());

const HOST = 'HTTP/1.1\r\nHost: a\r\n';
const LONG = `"${'a'.repeat(40_000)}"`;
const body = (type: string, text: string) =>
  `Content-Type: ${type}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

describe('the management port', () => {
  it.each(['/health/live', '/health/ready', '/metrics'])('answers %s', async (path) => {
    expect((await fetch(management + path)).status).toBe(200);
  });

  it.each([
    ['HEAD with a parameter', `HEAD /health/live?a=1 ${HOST}\r\n`, 400, undefined],
    ['a path that does not exist', `GET /nothing ${HOST}\r\n`, 404, 10003],
    ['a route of the API', `GET /me ${HOST}\r\n`, 404, 10003],
    ['sign-in', `POST /signin ${HOST}${body('application/json', '{}')}`, 404, 10003],
    ['another spelling', `GET /Health/Live ${HOST}\r\n`, 404, 10003],
    ['a path upwards', `GET /health/../metrics ${HOST}\r\n`, 404, 10003],
    ['another method', `POST /health/ready ${HOST}${body('application/json', '{}')}`, 405, 10004],
    ['another method without a body', `DELETE /metrics ${HOST}\r\n`, 405, 10004],
    ['OPTIONS', `OPTIONS /metrics ${HOST}Access-Control-Request-Method: GET\r\n\r\n`, 405, 10004],
    ['CONNECT', `CONNECT a:443 ${HOST}\r\n`, 405, 10004],
    ['a path that is no UTF-8', `GET /%ff ${HOST}\r\n`, 400, 10002],
    ['half an escape', `GET /health/live% ${HOST}\r\n`, 400, 10002],
    ['a parameter', `GET /health/ready?a=1 ${HOST}\r\n`, 400, 10001],
    ['a query that is no UTF-8', `GET /metrics?a=%ff ${HOST}\r\n`, 400, 10002],
    ['no Host', 'GET /metrics HTTP/1.1\r\n\r\n', 400, 10002],
    ['no HTTP', 'hello\r\n\r\n', 400, 10002],
    ['a path of 20 kB', `GET /${'a'.repeat(20_000)} ${HOST}\r\n`, 431, 10007],
    ['an expectation', `GET /metrics ${HOST}Expect: more\r\n\r\n`, 417, 10012],
    ['a body that is no JSON', `GET /metrics ${HOST}${body('application/json', 'no JSON')}`, 400, 10001],
    ['a body of another type', `GET /metrics ${HOST}${body('text/plain', 'hello')}`, 400, 10001],
    ['a body that is too long', `GET /metrics ${HOST}${body('application/json', LONG)}`, 413, 10005],
  ])('refuses %s', async (_, bytes, status, code) => {
    const answer = plain(await sendRaw(management, bytes, { timeout: 2_000 }));
    if (code !== undefined) expectFailure(answer, status, code);
    // HEAD has no body to hold an envelope.
    else expect([answer.status, answer.text]).toEqual([status, '']);
  });

  it.each(['/health/live', '/health/ready', '/metrics'])('answers HEAD as GET: %s', async (path) => {
    const answer = await fetch(management + path, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('opens only once the API listens', async () => {
    const port = await freePort();
    const env = { ...app.testDatabase.env, PORT: '0', MANAGEMENT_PORT: String(port), LOG_LEVEL: 'silent' };
    const early = await createApp(loadConfig(env));
    try {
      await early.init();
      await expect(fetch(`http://127.0.0.1:${port}/health/ready`)).rejects.toThrow('fetch failed');
    } finally {
      await early.close();
    }
  });

  it('tells that the process drains, and does not hold up its end', async () => {
    const port = await freePort();
    const other = await startApp({ env: { MANAGEMENT_PORT: String(port) } });
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    const half = connect(port, '127.0.0.1');
    half.on('error', () => undefined);
    await once(half, 'connect');
    half.write('GET /health/live HTTP/1.1\r\nHo');
    expect(await ask('/health/ready')).toBe(200);
    other.nest.get(Draining).begun = true;
    expect(await ask('/health/ready')).toBe(503);
    expect(await ask('/health/live')).toBe(200);
    const begun = Date.now();
    await other.close();
    expect(Date.now() - begun).toBeLessThan(5_000);
  });
});

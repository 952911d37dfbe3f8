import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { expectEnvelope, expectFailure, plain } from '../support/envelope.ts';
import { sendRaw, type RawOptions } from '../support/raw.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
afterEach(async () => {
  expect((await app.call('GET', '/health/live')).status, 'still alive').toBe(200);
});

const CREDENTIALS = '{"username":"nobody","password":"canary-7f3a"}';

async function send(bytes: string | Buffer, options?: RawOptions) {
  const answer = await sendRaw(app.url, bytes, options);
  expect(answer.text.match(/HTTP\/1\.1 [2-5]/g) ?? [], answer.text).toHaveLength(1);
  expect(answer.text).not.toContain('canary');
  return plain(answer);
}

describe('a request that is not HTTP', () => {
  it.each([
    ['no HTTP at all', 'canary\r\n\r\n'],
    ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['zero bytes', Buffer.alloc(64)],
    ['an unknown method', 'CANARY / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method in small letters', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a blank before the method', ' GET /me HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a version that does not exist', 'GET /me HTTP/9.9\r\nHost: a\r\n\r\n'],
    ['a blank in the target', 'GET /canary me HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['bare line feeds', 'GET /me HTTP/1.1\nHost: a\n\n'],
    ['a header without a colon', 'GET /me HTTP/1.1\r\nHost: a\r\ncanary\r\n\r\n'],
    ['a header without a name', 'GET /me HTTP/1.1\r\nHost: a\r\n: canary\r\n\r\n'],
    ['a blank in a header name', 'GET /me HTTP/1.1\r\nHost: a\r\nX canary: 1\r\n\r\n'],
    ['a blank before the colon', 'GET /me HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a zero byte in a header', 'GET /me HTTP/1.1\r\nHost: a\r\nX-A: canary\0\r\n\r\n'],
    ['a folded header', 'GET /me HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n canary\r\n\r\n'],
    ['a length that is no number', 'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: canary\r\n\r\n'],
    ['a negative length', 'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
    [
      'a length beyond any number',
      `POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n`,
    ],
    ['two lengths', 'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}'],
    [
      'a length and chunks',
      'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'an unknown transfer encoding',
      'POST /signin HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, canary\r\n\r\n0\r\n\r\n',
    ],
    [
      'a chunk size that is no number',
      'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n',
    ],
  ])('answers %s with 400 and hangs up', async (_, bytes) => {
    const answer = await send(bytes);
    expectFailure(answer, 400, 10002);
    expect(answer.headers['connection']).toBe('close');
  });
});

describe('the Host header', () => {
  it.each([
    ['missing', ''],
    ['empty', 'Host:\r\n'],
    ['doubled', 'Host: a\r\nHost: a\r\n'],
    ['doubled in another spelling', 'Host: a\r\nhOST: b\r\n'],
  ])('is refused when %s', async (_, header) => {
    for (const target of ['/me', '/health/live', '/nothing']) {
      expectFailure(await send(`GET ${target} HTTP/1.1\r\n${header}\r\n`), 400, 10002);
    }
    const head = `POST /signin HTTP/1.1\r\n${header}Content-Type: application/json\r\nContent-Length: ${CREDENTIALS.length}\r\n\r\n`;
    expectFailure(await send(head + CREDENTIALS), 400, 10002);
  });

  it('is not asked of HTTP/1.0', async () => {
    expectFailure(await send('GET /me HTTP/1.0\r\n\r\n'), 401, 11002);
  });
});

describe('a request that is too long', () => {
  it.each([
    ['a path of 20 kB', `GET /${'canary'.repeat(3_400)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a query of 20 kB', `GET /me?a=${'canary'.repeat(3_400)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a header of 20 kB', `GET /me HTTP/1.1\r\nHost: a\r\nX-A: ${'canary'.repeat(3_400)}\r\n\r\n`],
    ['2 000 headers', `GET /me HTTP/1.1\r\nHost: a\r\n${'X-Canary: 1234\r\n'.repeat(2_000)}\r\n`],
    ['a header without an end', `GET /me HTTP/1.1\r\nHost: a\r\nX-A: ${'canary'.repeat(30_000)}`],
  ])('answers %s with 431', async (_, bytes) => {
    expectFailure(await send(bytes), 431, 10007);
  });
});

describe('Expect', () => {
  const head = `POST /signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${CREDENTIALS.length}\r\n`;

  it('100-continue is met', async () => {
    const answer = await sendRaw(app.url, `${head}Expect: 100-continue\r\n\r\n${CREDENTIALS}`);
    expect(answer.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 /);
    expectFailure(plain(answer), 401, 11001);
  });

  it.each(['200-ok', 'canary'])('%s is answered with 417', async (value) => {
    const answer = await send(
      `${head}Expect: ${value}\r\nX-Request-Id: kept-1\r\nAccept-Language: zh\r\n\r\n${CREDENTIALS}`,
    );
    expectFailure(answer, 417, 10012);
    expect(answer.headers).toMatchObject({ 'x-request-id': 'kept-1', 'content-language': 'zh-CN' });
  });
});

describe('a body that ends before its time', () => {
  const json = 'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

  it.each([
    ['short of its length', `${json}Content-Length: 500\r\n\r\n${CREDENTIALS}`],
    ['without its last chunk', `${json}Transfer-Encoding: chunked\r\n\r\n5\r\n{"use\r\n`],
    ['amid a chunk', `${json}Transfer-Encoding: chunked\r\n\r\nff\r\n{"use`],
    ['amid the headers', json],
    ['amid the request line', 'POST /sig'],
  ])('%s is answered with 400 when the client has hung up', async (_, bytes) => {
    expectFailure(await send(bytes, { end: true }), 400, 10002);
  });

  it('is answered with 408 when the client sends no more', { timeout: 30_000 }, async () => {
    const begun = Date.now();
    const halves = [
      'POST /sig',
      json,
      `${json}Content-Length: 500\r\n\r\n`,
      `${json}Content-Length: 500\r\n\r\n${CREDENTIALS}`,
      `${json}Transfer-Encoding: chunked\r\n\r\nff\r\n{"use`,
    ];
    await Promise.all(
      halves.map(async (bytes) => expectFailure(await send(bytes, { timeout: 15_000 }), 408, 10011)),
    );
    expect(Date.now() - begun).toBeLessThan(13_000);
  });
});

describe('a connection', () => {
  it('answers pipelined requests in their order', async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const bytes =
      get('/me') +
      get('/nothing') +
      get('/health/live') +
      'GET /codes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const { text } = await sendRaw(app.url, bytes, { untilClosed: true });
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 401',
      'HTTP/1.1 404',
      'HTTP/1.1 200',
      'HTTP/1.1 200',
    ]);
  });

  it('does not take the rest of a refused body for a request', async () => {
    const smuggled = 'GET /codes HTTP/1.1\r\nHost: a\r\n\r\n';
    const bytes = `POST /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`;
    const answer = await sendRaw(app.url, bytes, { untilClosed: true });
    expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404']);
  });

  it('that asks for another protocol stays with this one', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n';
    expectFailure(await send(`GET /me HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`), 401, 11002);
    const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
    expectEnvelope(await send(`GET /codes HTTP/1.1\r\nHost: a\r\n${h2c}\r\n`));
  });
});

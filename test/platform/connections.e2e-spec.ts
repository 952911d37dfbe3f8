import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Draining } from '../../src/platform/http/http-settings.ts';
import { WITH_DOCS, PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { get, HOST, opened, post } from '../support/bytes.ts';
import { freePort } from '../support/free-port.ts';
import { answersIn } from '../support/raw.ts';

let app: TestApp;
let management: string;
let token: string;
beforeAll(async () => {
  const port = await freePort();
  management = `http://127.0.0.1:${port}`;
  app = await startApp({ env: { ...WITH_DOCS, MANAGEMENT_PORT: String(port), HASH_WAIT: '20s' } });
  token = (await app.signIn()).access_token;
});
afterAll(() => app.close());

const GARBAGE = 'no HTTP at all\r\n\r\n';

function create(username: string): string {
  const body = { username, full_name: 'A Person', password: PASSWORD };
  return post('/users', body, `Authorization: Bearer ${token}\r\n`);
}

async function isThere(username: string): Promise<boolean> {
  const { body } = await app.call<{ total: number }>('GET', `/users?q=${username}`, { token });
  return body.data.total === 1;
}

describe.each([
  ['the API', () => app.url],
  ['the management port', () => management],
])('a connection to %s that is reset', (_, url) => {
  const requests: Array<[string, string]> = [
    ['a bad escape', get('/%zz')],
    ['a parameter that is too long', get(`/users/${'a'.repeat(200)}`)],
    ['a route', get('/health/ready')],
    ['no route', get('/nothing')],
    ['no method', `TRACE /me ${HOST}\r\n`],
    ['a sign-in', post('/signin', { username: 'nobody-there', password: 'wrong' })],
    ['a body by half', `POST /signin ${HOST}Content-Length: 99\r\n\r\n{`],
    ['an expectation', get('/codes', 'Expect: more\r\n')],
    ['a tunnel', `CONNECT a:443 ${HOST}\r\n`],
    ['garbage', GARBAGE],
    ['many requests', get('/codes').repeat(200)],
  ];

  it.each(requests)('after %s leaves no error', async (__, bytes) => {
    const errors = () => app.lines.filter((line) => /"level":"(error|fatal)"/.test(line));
    const before = errors().length;
    for (let round = 0; round < 20; round += 1) {
      const socket = await opened(url());
      socket.write(bytes);
      if (round % 2 === 0) await sleep(1);
      socket.resetAndDestroy();
    }
    await sleep(100);
    expect(errors().slice(before)).toEqual([]);
    expect((await app.call('GET', '/health/live')).status).toBe(200);
  });
});

describe('a request whose client has gone before the answer', () => {
  it('has its line in the log, without a status', async () => {
    const lineOf = (id: string) =>
      app.lines.find((line) => line.includes(`"${id}"`) && line.includes('aborted'));
    let line: string | undefined;
    // It must have been read and not be answered yet, which takes some milliseconds.
    for (let wait = 1; wait <= 30 && line === undefined; wait += 1) {
      const socket = await opened(app.url);
      socket.write(post('/signin', { username: 'nobody', password: 'x' }, `X-Request-Id: gone-${wait}\r\n`));
      await sleep(wait);
      socket.resetAndDestroy();
      await sleep(100);
      line = lineOf(`gone-${wait}`);
    }
    const fields = JSON.parse(line ?? '{}');
    expect(fields).toMatchObject({ level: 'info', method: 'POST', route: '/signin', aborted: true });
    expect(fields).not.toHaveProperty('status');
  });
});

describe('a tunnel behind requests whose answers nobody reads', () => {
  it('does not keep the service from ending', async () => {
    const other = await startApp({ testDatabase: app.testDatabase, env: WITH_DOCS });
    const socket = await opened(other.url);
    socket.pause();
    socket.write(`${get('/docs/swagger-ui-bundle.js').repeat(5)}CONNECT a:443 ${HOST}\r\n`);
    await sleep(300);
    const closed = other.close();
    setTimeout(() => other.nest.getHttpServer().closeAllConnections(), 200);
    await closed;
    await expect.poll(() => socket.resume().destroyed, { timeout: 2_000 }).toBe(true);
  });
});

describe('a request that comes when its connection has been closed by the end of the service', () => {
  it('is not carried out, because nobody could be told', async () => {
    const other = await startApp({ testDatabase: app.testDatabase });
    const socket = await opened(other.url, { allowHalfOpen: true });
    socket.resume();
    const closed = other.close();
    await once(socket, 'end');
    socket.write(create('too-late'));
    await closed;
    expect(await isThere('too-late')).toBe(false);
    socket.destroy();
  });
});

describe('a kept connection', () => {
  it('is told by the next answer that the service ends, and is closed when it stays silent', async () => {
    const other = await startApp({ testDatabase: app.testDatabase });
    const [used, silent] = [await opened(other.url), await opened(other.url)];
    const chunks: Buffer[] = [];
    used.on('data', (chunk: Buffer) => chunks.push(chunk));
    silent.resume();
    for (const socket of [used, silent]) socket.write(get('/health/live'));
    await sleep(100);
    other.nest.get(Draining).begun = true;
    const closed = other.close();
    await sleep(200);
    expect(silent.destroyed).toBe(false);
    used.write(get('/health/live'));
    await Promise.all([once(used, 'close'), once(silent, 'close'), closed]);
    const [first, second, ...more] = answersIn(Buffer.concat(chunks).toString());
    expect([first?.status, second?.status, more.length]).toEqual([200, 200, 0]);
    expect(first?.headers.get('connection')).not.toEqual(['close']);
    expect(second?.headers.get('connection')).toEqual(['close']);
  });
});

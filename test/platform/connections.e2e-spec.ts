import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Draining } from '../../src/platform/http/draining.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { answersIn, sendRaw } from '../support/raw.ts';

let app: TestApp;
let management: string;
let token: string;
beforeAll(async () => {
  const port = await freePort();
  management = `http://127.0.0.1:${port}`;
  app = await startApp({ env: { MANAGEMENT_PORT: String(port), HASH_WAIT: '20s' } });
  token = (await app.signIn()).access_token;
});
afterAll(() => app.close());

const HOST = 'HTTP/1.1\r\nHost: a\r\n';
const GARBAGE = 'no HTTP at all\r\n\r\n';

function get(path: string, headers = ''): string {
  return `GET ${path} ${HOST}${headers}\r\n`;
}

function post(path: string, body: unknown, headers = ''): string {
  const text = JSON.stringify(body);
  return `POST ${path} ${HOST}Content-Type: application/json\r\nContent-Length: ${text.length}\r\n${headers}\r\n${text}`;
}

function create(username: string): string {
  const body = { username, full_name: 'A Person', password: PASSWORD };
  return post('/users', body, `Authorization: Bearer ${token}\r\n`);
}

async function isThere(username: string): Promise<boolean> {
  const { body } = await app.call<{ total: number }>('GET', `/users?q=${username}`, { token });
  return body.data.total === 1;
}

/** The statuses of everything that came back, in order, until the server closed. */
async function statuses(bytes: string, options = {}): Promise<number[]> {
  const { text, closed } = await sendRaw(app.url, bytes, { untilClosed: true, timeout: 8_000, ...options });
  expect(closed, text.slice(0, 500)).toBe(true);
  return answersIn(text).map(({ status }) => status);
}

async function opened(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** The statuses of everything that comes back until the connection closes. */
async function heard(socket: Socket): Promise<number[]> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return answersIn(Buffer.concat(chunks).toString()).map(({ status }) => status);
}

/** The log lines of requests to this route so far. */
function answeredAt(route: string): number {
  return app.lines.filter((line) => line.includes(`"route":"${route}"`)).length;
}

describe('pipelined requests', () => {
  it('are all answered, in their order', async () => {
    const turns = Array.from({ length: 98 }, (_, index) => (index % 3 === 0 ? '/codes' : `/none-${index}`));
    const bytes = turns.map((path) => get(path)).join('') + get('/health/live', 'Connection: close\r\n');
    const expected = [...turns.map((path) => (path === '/codes' ? 200 : 404)), 200];
    expect(await statuses(bytes)).toEqual(expected);
  });

  it('are answered a hundred times in a row, and then the connection is closed', async () => {
    const { text, closed } = await sendRaw(app.url, get('/codes').repeat(1_500), { untilClosed: true });
    const answers = answersIn(text);
    expect([answers.length, closed]).toEqual([100, true]);
    expect(answers.at(-2)?.headers.get('connection')).not.toEqual(['close']);
    expect(answers.at(-1)?.headers.get('connection')).toEqual(['close']);
    expect(JSON.parse(answers.at(-1)?.body ?? '')).toMatchObject({ code: 0 });
  });

  it('may come again and again, once the client has caught up', async () => {
    const socket = await opened(app.url);
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    for (let round = 1; round <= 5; round += 1) {
      socket.write(get('/health/live').repeat(50));
      await expect.poll(() => answersIn(text).length).toBe(50 * round);
      await sleep(20);
    }
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it('wait while the client does not read', async () => {
    const socket = await opened(app.url);
    socket.pause();
    const file = '/docs/swagger-ui-bundle.js';
    socket.write(get(file).repeat(1_000));
    await sleep(1_000);
    // As many as fit in the buffers of the system.
    expect(answeredAt('/docs/:file')).toBeLessThan(20);
    expect((await app.call('GET', '/health/live')).status).toBe(200);
    socket.destroy();
  });

  it('are not carried out once the client has gone', async () => {
    const socket = await opened(app.url);
    const name = (index: number) => `gone-${String(index).padStart(2, '0')}`;
    socket.write(Array.from({ length: 20 }, (_, index) => create(name(index))).join(''));
    await expect.poll(() => isThere(name(0)), { interval: 5, timeout: 5_000 }).toBe(true);
    socket.resetAndDestroy();
    await sleep(500);
    expect(await isThere(name(19))).toBe(false);
  });
});

describe('an answer that is due', () => {
  it('is not replaced by the refusal of what follows', async () => {
    expect(await statuses(create('before-garbage') + GARBAGE)).toEqual([201, 400]);
    expect(await isThere('before-garbage')).toBe(true);
  });

  it('is not replaced when the garbage comes later', async () => {
    const socket = await opened(app.url);
    const answers = heard(socket);
    socket.write(create('before-late-garbage'));
    await sleep(3);
    socket.write(GARBAGE);
    expect(await answers).toEqual([201, 400]);
  });

  it.each([
    ['a tunnel', `CONNECT a:443 ${HOST}\r\n`, 405],
    ['an unknown expectation', get('/codes', 'Expect: more\r\n'), 417],
    ['headers that are too long', `GET / ${HOST}A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['a body that breaks off in the middle', `POST /signin ${HOST}Content-Length: 9\r\n\r\n{`, 400],
    [
      'a body in bad chunks',
      `POST /signin ${HOST}Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nz\r\n`,
      400,
    ],
  ])('comes before that to %s', async (name, bytes, status) => {
    const username = `before-${name.replaceAll(' ', '-')}`.slice(0, 32);
    expect(await statuses(create(username) + bytes, { end: true })).toEqual([201, status]);
    expect(await isThere(username)).toBe(true);
  });

  it('is the only one for a request that was answered before it had arrived', async () => {
    const late = `POST /nothing ${HOST}Content-Type: application/json\r\n`;
    expect(await statuses(`${late}Content-Length: 99\r\n\r\n{`, { end: true })).toEqual([404]);
    const socket = await opened(app.url);
    const answers = heard(socket);
    socket.write(`${late}Transfer-Encoding: chunked\r\n\r\n`);
    await sleep(50);
    socket.write('no chunk');
    expect(await answers).toEqual([404]);
  });

  it('reaches a client that closes its side after asking', async () => {
    expect(await statuses(create('half-closed'), { end: true })).toEqual([201]);
    expect(await statuses(get('/health/live') + create('half-closed-2'), { end: true })).toEqual([200, 201]);
  });
});

describe('a request with Upgrade', () => {
  const UPGRADE = 'Connection: upgrade\r\nUpgrade: h2c\r\n';

  it('is answered as without, and is the last one of its connection', async () => {
    const { headers, closed, body } = await sendRaw(app.url, get('/health/live', UPGRADE), {
      untilClosed: true,
    });
    expect([closed, body]).toEqual([true, '{"status":"ok"}']);
    expect(headers.get('connection')).toEqual(['close']);
  });

  it('is not the beginning of a request that was never sent', async () => {
    const smuggled = get('/codes');
    const socket = await opened(app.url);
    const answers = heard(socket);
    socket.write(
      get('/health/live', UPGRADE) + `POST /signin ${HOST}Content-Length: ${smuggled.length}\r\n\r\n`,
    );
    await sleep(20);
    if (socket.writable) socket.write(smuggled);
    expect(await answers).toEqual([200]);
  });

  it('may have a body, which may come later', async () => {
    const body = { username: 'nobody-here', password: 'wrong' };
    const [head = '', text = ''] = post('/signin', body, UPGRADE).split('\r\n\r\n');
    const socket = await opened(app.url);
    const answers = heard(socket);
    socket.write(`${head}\r\n\r\n${text.slice(0, 5)}`);
    await sleep(50);
    socket.write(text.slice(5));
    expect(await answers).toEqual([401]);
  });
});

describe('the management port', () => {
  it('answers pipelined requests in their order, a hundred in a row, and the rest not at all', async () => {
    const bytes = `${get('/nothing')}${get('/health/live').repeat(1_000)}`;
    const { text, closed } = await sendRaw(management, bytes, { untilClosed: true });
    const answers = answersIn(text).map(({ status }) => status);
    expect([closed, answers]).toEqual([true, [404, ...Array.from({ length: 99 }, () => 200)]]);
  });

  it('answers before it refuses what follows, and a client that has closed its side', async () => {
    for (const bytes of [
      get('/health/ready') + GARBAGE,
      get('/health/ready', 'Connection: upgrade\r\nUpgrade: h2c\r\n'),
    ]) {
      const { text } = await sendRaw(management, bytes, { untilClosed: true, end: true });
      expect(answersIn(text)[0]?.status).toBe(200);
    }
  });
});

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

describe('a request that comes when its connection has been closed by the end of the service', () => {
  it('is not carried out, because nobody could be told', async () => {
    const other = await startApp({ testDatabase: app.testDatabase });
    const { hostname, port } = new URL(other.url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
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

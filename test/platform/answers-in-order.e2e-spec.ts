import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WITH_DOCS, PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { get, heard, HOST, opened, post } from '../support/bytes.ts';
import { freePort } from '../support/free-port.ts';
import { answersIn, sendRaw } from '../support/raw.ts';

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

/** The statuses of everything that came back, in order, until the server closed. */
async function statuses(bytes: string, options = {}): Promise<number[]> {
  const { text, closed } = await sendRaw(app.url, bytes, { untilClosed: true, timeout: 8_000, ...options });
  expect(closed, text.slice(0, 500)).toBe(true);
  return answersIn(text).map(({ status }) => status);
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

  it('are answered without end to a client that keeps ten of them waiting', async () => {
    const socket = await opened(app.url);
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.write(get('/health/live').repeat(10));
    for (let turn = 1; turn <= 300; turn += 1) {
      await expect
        .poll(() => text.split('HTTP/1.1 200').length - 1, { interval: 1 })
        .toBeGreaterThanOrEqual(turn);
      socket.write(get('/health/live'));
    }
    expect(socket.destroyed).toBe(false);
    socket.destroy();
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

describe('a body in thousands of chunks', () => {
  it('is read whole, and lets others come in between', async () => {
    const text = JSON.stringify({ username: 'nobody', password: 'x'.repeat(200) });
    const chunks = [...text.padEnd(8_000)].map((character) => `1\r\n${character}\r\n`).join('');
    const head = `POST /signin ${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const bytes = `${head}${chunks}0\r\n\r\n${get('/codes', 'Connection: close\r\n')}`;
    expect(await statuses(bytes)).toEqual([401, 200]);
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

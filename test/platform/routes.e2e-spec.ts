import { METHODS } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { expectFailure, plain } from '../support/envelope.ts';
import { sendRaw } from '../support/raw.ts';

let app: TestApp;
/** The methods of every published path, its parameters filled in. */
const routes = new Map<string, string[]>();

beforeAll(async () => {
  app = await startApp();
  const { text } = await app.call('GET', '/openapi.json');
  const document: { paths: Record<string, object> } = JSON.parse(text);
  const templates = Object.entries(document.paths).map(([path, operations]) => ({
    path: path.replace(/\{\w+\}/g, '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11'),
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
    methods: Object.keys(operations).map((method) => method.toUpperCase()),
  }));
  // `/users/batch` is a user's address, too.
  for (const { path } of templates) {
    const methods = templates
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((template) => template.methods);
    routes.set(path, [...new Set(methods)]);
  }
});
afterAll(() => app.close());

async function send(method: string, target: string, headers = ''): Promise<ReturnType<typeof plain>> {
  return plain(await sendRaw(app.url, `${method} ${target} HTTP/1.1\r\nHost: gatehouse\r\n${headers}\r\n`));
}

describe('a published path', () => {
  it('is one of many', () => {
    expect(routes.get('/signin')).toEqual(['POST']);
    expect(routes.get('/me')).toContain('GET');
  });

  it('answers every other method with 405 and the methods that it has', async () => {
    for (const [path, methods] of routes) {
      for (const method of METHODS.filter(
        (name) => !methods.includes(name) && name !== 'CONNECT' && name !== 'HEAD',
      )) {
        const answer = await send(method, path);
        expectFailure(answer, 405, 10004);
        expect(answer.headers['allow']?.split(', ').toSorted(), `${method} ${path}`).toEqual(
          methods.toSorted(),
        );
      }
    }
  });

  it('answers HEAD with 405 and, as HTTP demands, without a body', async () => {
    for (const path of routes.keys()) {
      const answer = await app.call('HEAD', path);
      expect([answer.status, answer.text], path).toEqual([405, '']);
      expect(answer.headers['allow'], path).not.toContain('HEAD');
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    }
  });

  it('is found in absolute form, too', async () => {
    expectFailure(await send('GET', 'http://gatehouse/signin'), 405, 10004);
    expectFailure(await send('GET', 'http://gatehouse/me'), 401, 11002);
    expect((await send('GET', 'http://gatehouse/health/live')).status).toBe(200);
  });

  it('is the same path percent-encoded', async () => {
    expectFailure(await send('GET', '/%73ignin'), 405, 10004);
    expectFailure(await send('GET', '/m%65'), 401, 11002);
  });
});

describe('a path that is not published', () => {
  it.each([
    ['unknown', '/nothing'],
    ['in capitals', '/SIGNIN'],
    ['with a slash at its end', '/signin/'],
    ['with a doubled slash', '//signin'],
    ['with a dot segment', '/./signin'],
    ['with an encoded slash', '/tokens%2Frenew_access'],
    ['with a path parameter', '/signin;a=b'],
    ['with a zero byte', '/signin%00'],
    ['with a name of every object', '/constructor'],
    ['with the name of every prototype', '/__proto__'],
    ['longer than a parameter may be', `/${'a'.repeat(300)}`],
    ['below a path with parameters, and overlong', `/users/${'a'.repeat(300)}`],
    ['of many segments', '/a'.repeat(500)],
  ])('answers 404 when %s', async (_, path) => {
    for (const method of ['GET', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
      expectFailure(await send(method, path), 404, 10003);
    }
  });

  it('answers 404 for the whole server', async () => {
    for (const method of ['OPTIONS', 'GET', 'POST']) {
      for (const target of ['*', '*/me', '*?a=1']) expectFailure(await send(method, target), 404, 10003);
    }
  });

  it('answers CONNECT with 405', async () => {
    expectFailure(await send('CONNECT', 'example.com:443'), 405, 10004);
    expectFailure(await send('CONNECT', '/signin'), 405, 10004);
  });

  it('does not become known by a token or a body', async () => {
    const { access_token } = await app.signIn();
    expectFailure(await app.call('POST', '/nothing', { token: access_token, body: { a: 1 } }), 404, 10003);
    expectFailure(await app.call('POST', '/nothing', { body: 'x'.repeat(100_000) }), 404, 10003);
  });
});

describe('a path that cannot be decoded', () => {
  it.each(['/%', '/%zz', '/signin%', '/me%c3%28', '/%ff', '/users/%E0%A4%A'])(
    '%s answers 400',
    async (path) => {
      expectFailure(await send('GET', path), 400, 10002);
      expectFailure(await send('POST', path), 400, 10002);
    },
  );
});

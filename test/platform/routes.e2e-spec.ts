import { METHODS } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WITH_DOCS, startApp, type TestApp } from '../support/app.ts';
import { expectFailure, plain } from '../support/envelope.ts';
import { sendRaw } from '../support/raw.ts';

let app: TestApp;
/** The methods of every published path, its parameters filled in. */
const routes = new Map<string, string[]>();

beforeAll(async () => {
  app = await startApp({ env: WITH_DOCS });
  const { text } = await app.call('GET', '/openapi.json');
  const document: { paths: Record<string, object> } = JSON.parse(text);
  const templates = Object.entries(document.paths).map(([path, operations]) => ({
    path: path.replace(/\{\w+\}/g, '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11'),
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
    // The document does not say that every address which answers GET answers HEAD, too.
    methods: Object.keys(operations).flatMap((method) =>
      method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase(),
    ),
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

/** Headers that do not differ from one answer to the next. */
function lasting(headers: NodeJS.Dict<string | string[]>, varying: readonly string[]) {
  const differing = ['date', 'x-request-id', ...varying];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !differing.includes(name)));
}

describe('a published path', () => {
  it('is one of many', () => {
    expect(routes.get('/signin')).toEqual(['POST']);
    expect(routes.get('/me')).toContain('GET');
  });

  it('answers every other method with 405 and the methods that it has', async () => {
    for (const [path, methods] of routes) {
      for (const method of METHODS.filter((name) => !methods.includes(name) && name !== 'CONNECT')) {
        // Whoever reads an answer to HEAD byte by byte waits for a body that never comes.
        const answer = method === 'HEAD' ? await app.call(method, path) : await send(method, path);
        if (method === 'HEAD') expect([answer.status, answer.text]).toEqual([405, '']);
        else expectFailure(answer, 405, 10004);
        expect(answer.headers['allow']?.split(', ').toSorted(), `${method} ${path}`).toEqual(
          methods.toSorted(),
        );
      }
    }
  });

  it('answers HEAD as it answers GET, without the body', async () => {
    const { access_token: token } = await app.signIn();
    const gets = [...routes].filter(([, methods]) => methods.includes('GET')).map(([path]) => path);
    expect(gets).toContain('/users');
    for (const path of gets) {
      for (const options of [
        { token },
        {},
        { token, body: '{' },
        { token, headers: { 'accept-language': 'zh' } },
      ]) {
        const get = await app.call('GET', path, options);
        const head = await app.call('HEAD', path, options);
        expect([head.status, head.text], path).toEqual([get.status, '']);
        // What is counted or recorded while it is read is more the next time.
        const varying = ['/metrics', '/me/export'].includes(path) ? ['content-length'] : [];
        expect(lasting(head.headers, varying), path).toEqual(lasting(get.headers, varying));
      }
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

describe('/docs/', () => {
  it('leads to /docs, where the links of the page work', async () => {
    // Not in the document: it is a help for people who type the address.
    const answer = await send('GET', '/docs/');
    expect([answer.status, answer.headers['location'], answer.text]).toEqual([302, '/docs', '']);
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

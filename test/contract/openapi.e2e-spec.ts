import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RouteTable } from '../../src/platform/http/route-table.ts';
import { WITH_DOCS, startApp, type TestApp } from '../support/app.ts';
import { documented, expectDocumented, operationFor } from '../support/openapi.ts';

const EXAMPLE_PASSWORD = 'correct horse battery staple';
let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

describe('openapi.yaml', () => {
  it('has every route of the router, and no other', async () => {
    const install = vi.spyOn(RouteTable.prototype, 'install');
    const another = await startApp({ env: WITH_DOCS });
    const tables = install.mock.contexts.filter((table) => table instanceof RouteTable);
    await another.close();
    const routed = tables.flatMap((table) =>
      table.all().flatMap(({ url, methods }) =>
        // Every GET has a HEAD beside it, which nobody needs to be told.
        methods
          .filter((method) => method !== 'HEAD')
          .map((method) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`),
      ),
    );
    const described = Object.entries(documented.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual([...new Set(routed)].sort());
  });

  it('has stable names in camelCase, each once', () => {
    const names = Object.values(documented.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    expect(names.filter((name) => !/^[a-z][a-zA-Z]+$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has examples that work as they stand', async () => {
    const trial = await startApp({ env: { BOOTSTRAP_ADMIN_PASSWORD: EXAMPLE_PASSWORD } });
    const { access_token: token } = await trial.signIn('admin', EXAMPLE_PASSWORD);
    for (const [method, path, status] of [
      ['POST', '/signin', 200],
      ['POST', '/users', 201],
    ] as const) {
      const body = operationFor(method, path)?.requestBody?.content['application/json']?.example;
      expect((await trial.call(method, path, { token, body })).status, `${method} ${path}`).toBe(status);
    }
    await trial.close();
  });

  it('has no example of a request that the API finds not valid', async () => {
    const { id } = await app.createUser();
    for (const [path, item] of Object.entries(documented.paths)) {
      for (const [method, { requestBody }] of Object.entries(item)) {
        const body = requestBody?.content['application/json']?.example;
        if (body === undefined) continue;
        const { access_token: token } = await app.signIn();
        const answer = await app.call(method.toUpperCase(), path.replace('{id}', id), { token, body });
        expect(answer.body.code, `${method} ${path} ${answer.text}`).not.toBe(10001);
      }
    }
  });
});

describe('requests.http', () => {
  it('calls nothing but documented operations', () => {
    const requests = [...readFileSync('requests.http', 'utf8').matchAll(/^([A-Z]+) \{\{host\}\}(\S+)/gm)];
    expect(requests.length).toBeGreaterThan(5);
    for (const [line, method = '', path = ''] of requests)
      expect(operationFor(method, path), line).toBeDefined();
  });
});

describe('the check of every answer against openapi.yaml', () => {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': 'a',
    'content-language': 'en',
    'www-authenticate': 'Bearer',
  };
  const notSignedIn = { method: 'GET', path: '/me', status: 401, headers, text: failure(11002) };

  it('lets a documented answer pass', () => {
    expect(() => expectDocumented(notSignedIn)).not.toThrow();
  });

  it.each([
    ['a status that is not documented', { status: 418 }, /code 11002 is not among/],
    ['a code that is not documented', { text: failure(11003) }, /code 11003 is not among 11002/],
    ['a field that is not documented', { text: failure(11002, { more: 1 }) }, /additional properties/],
    ['a body that is no envelope', { text: '{"code":11002}' }, /required property 'data'/],
    ['another type', { headers: { ...headers, 'content-type': 'text/html' } }, /type text\/html/],
    [
      'a missing header',
      { headers: { ...headers, 'www-authenticate': undefined } },
      /WWW-Authenticate: is missing/,
    ],
    ['an operation that is not documented', { path: '/them' }, /no operation GET \/them/],
  ])('fails for %s', (_, change, fault) => {
    expect(() => expectDocumented({ ...notSignedIn, ...change })).toThrow(fault);
  });
});

function failure(code: number, more: object = {}): string {
  return JSON.stringify({ code, data: null, msg: '-', ...more });
}

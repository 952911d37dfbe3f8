import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WITH_DOCS, startApp, type TestApp } from '../support/app.ts';
import { expectEnvelope, expectFailure, plain, refusals } from '../support/envelope.ts';
import { sendRaw } from '../support/raw.ts';

let app: TestApp;
let token = '';
beforeAll(async () => {
  app = await startApp({ env: WITH_DOCS });
  token = (await app.signIn()).access_token;
});
afterAll(() => app.close());

describe('a query on a call that takes none', () => {
  it.each([
    ['?canary=1', ['canary']],
    ['?a=1&a=2', ['a']],
    ['?a[b]=canary', ['a[b]']],
    ['?a[]=1', ['a[]']],
    ['?a.b=1', ['a.b']],
    ['?__proto__=1&constructor=2&toString=3', ['__proto__', 'constructor', 'toString']],
    ['?__proto__[isAdmin]=1', ['__proto__[isAdmin]']],
    ['?a', ['a']],
    ['?=1', ['']],
    ['?a=%00', ['a']],
    ['?a=b?c', ['a']],
  ])('%s is refused by name', async (query, names) => {
    for (const [method, path] of [
      ['GET', '/me'],
      ['GET', '/codes'],
    ] as const) {
      const answer = await app.call(method, path + query, { token });
      expect(refusals(answer).toSorted(), path).toEqual(names.map((name) => `${name}: unknown`).toSorted());
    }
    const body = { username: 'nobody', password: 'canary' };
    expect(refusals(await app.call('POST', `/signin${query}`, { body }))).toHaveLength(names.length);
  });

  it.each(['?a=%ZZ', '?a=%ff', '?%zz=1', '?q=%F0%9F'])('%s cannot be read', async (query) => {
    expectFailure(await app.call('GET', `/me${query}`, { token }), 400, 10002);
    expectFailure(await app.call('GET', `/codes${query}`), 400, 10002);
  });

  it.each(['/', '/docs', '/docs/page.css', '/openapi.json', '/openapi.yaml', '/metrics', '/health/live'])(
    'is refused outside the envelope, too: %s',
    async (path) => {
      expect(refusals(await app.call('GET', `${path}?canary=1`))).toEqual(['canary: unknown']);
      expect(refusals(await app.call('GET', path, { body: '{}' }))).toEqual([': no_body']);
      expect((await app.call('GET', `${path}?`)).status).toBeLessThan(303);
    },
  );

  it('may be empty', async () => {
    for (const query of ['?', '?&', '?&&']) expectEnvelope(await app.call('GET', `/me${query}`, { token }));
  });

  it('is told of 20 names at most', async () => {
    const query = Array.from({ length: 500 }, (_, index) => `name-${index}=canary`).join('&');
    expect(refusals(await app.call('GET', `/codes?${query}`))).toHaveLength(20);
  });
});

describe('X-Request-Id', () => {
  it.each(['a', 'A-1_b.c', '0'.repeat(64)])('%s comes back and stands in the log', async (id) => {
    for (const [method, path] of [
      ['GET', '/codes'],
      ['GET', '/me'],
      ['POST', '/nothing'],
      ['GET', '/%'],
    ] as const) {
      const answer = await app.call(method, path, { headers: { 'x-request-id': id } });
      expect(answer.headers['x-request-id'], path).toBe(id);
    }
    expect(app.lines.some((line) => line.includes(`"request_id":"${id}"`))).toBe(true);
  });

  it.each(['a b', 'a/b', '"', '0'.repeat(65), 'é', '{}', 'a,b'])('%s is replaced', async (id) => {
    const answer = await app.call('GET', '/codes', { headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expectEnvelope(answer);
  });

  it('is another for each request that has none', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => app.call('GET', '/codes')));
    expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(20);
  });

  it('given twice is replaced', async () => {
    const head = 'GET /codes HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\r\nX-Request-Id: b\r\n\r\n';
    const answer = plain(await sendRaw(app.url, head));
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('Accept-Language', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['en', 'en'],
    ['en-GB', 'en'],
    ['zh-CN', 'zh-CN'],
    ['zh', 'zh-CN'],
    ['ZH-cn', 'zh-CN'],
    ['zh-Hans-CN', 'zh-CN'],
    ['zh-TW', 'zh-CN'],
    ['zh-Hant-HK, en;q=0.9', 'zh-CN'],
    ['fr', 'en'],
    ['fr, zh;q=0.5', 'zh-CN'],
    ['en;q=0.4, zh-CN;q=0.8', 'zh-CN'],
    ['zh;q=0', 'en'],
    ['*', 'en'],
    [';;;q=,,zh-CN;q=2', 'zh-CN'],
    [`${'x,'.repeat(3_000)}zh`, 'en'],
  ])('%s is answered in %s', async (header, language) => {
    const headers = header === undefined ? {} : { 'accept-language': header };
    const success = await app.call('GET', '/me', { token, headers });
    const failure = await app.call('GET', '/me', { headers });
    expect([success.headers['content-language'], failure.headers['content-language']]).toEqual([
      language,
      language,
    ]);
    expect(expectEnvelope(success).msg).toBe(language === 'en' ? 'ok' : '成功');
    expect(expectEnvelope(failure).msg).toMatch(language === 'en' ? /sign in/ : /登录/);
  });

  it('reaches what is refused before any route', async () => {
    const headers = { 'accept-language': 'zh-CN' };
    for (const path of ['/nothing', '/%', '/me?a=1', '/signin']) {
      const answer = await app.call('GET', path, { headers });
      expect(answer.headers['content-language'], path).toBe('zh-CN');
      expect(expectEnvelope(answer).msg).toMatch(/\p{Script=Han}/u);
    }
  });

  it('is followed by the texts of refused fields', async () => {
    const answer = await app.call<{ errors: Array<{ message: string }> }>('POST', '/signin', {
      body: {},
      headers: { 'accept-language': 'zh-CN' },
    });
    for (const { message } of answer.body.data.errors) expect(message).toMatch(/\p{Script=Han}/u);
  });
});

describe('Authorization', () => {
  const challenge = (answer: { headers: NodeJS.Dict<string | string[]> }) =>
    answer.headers['www-authenticate'];

  it('is asked for by a 401', async () => {
    const answer = await app.call('GET', '/me');
    expectFailure(answer, 401, 11002);
    expect(challenge(answer)).toBe('Bearer');
  });

  it('is taken under the scheme in any case', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(
        (await app.call('GET', '/me', { headers: { authorization: `${scheme} ${token}` } })).status,
      ).toBe(200);
    }
  });

  it('in every other form is no authorization, and never said back', async () => {
    const forms = [
      token,
      `Basic ${token}`,
      `Bearer`,
      `Bearer ${token} x`,
      `Bearer ${token},${token}`,
      `Bearer "${token}"`,
      `Bearer  canary`,
      `Token ${token}`,
      `Bearer ${token}.`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${'a'.repeat(9_000)}`,
    ];
    const texts = new Set<string>();
    for (const authorization of forms) {
      const answer = await app.call('GET', '/me', { headers: { authorization } });
      expectFailure(answer, 401, 11002);
      texts.add(answer.text);
    }
    expect(texts.size).toBe(1);
  });

  it('given twice is no authorization', async () => {
    const head = `GET /me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n`;
    expect((await sendRaw(app.url, `${head}\r\n`)).status).toBe(200);
    expectFailure(plain(await sendRaw(app.url, `${head}Authorization: Bearer ${token}\r\n\r\n`)), 401, 11002);
  });
});

describe('a request of another origin', () => {
  it('is told nothing that would let it in', async () => {
    const headers = { origin: 'https://canary.example', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS', 'POST']) {
      const answer = await app.call(method, '/codes', { headers });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expectFailure(await app.call('OPTIONS', '/codes', { headers }), 405, 10004);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { expectEnvelope, expectFailure } from '../support/envelope.ts';

const ALLOWED = 'https://console.example';
const STRANGER = 'https://stranger.example';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { CORS_ORIGINS: `https://other.example,${ALLOWED}` } });
});
afterAll(() => app.close());

type Headers = NodeJS.Dict<string | string[]>;

/** The headers that a browser reads to decide. */
function corsHeaders(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}

const preflight = (origin: string) => ({ origin, 'access-control-request-method': 'PATCH' });

describe('an allowed origin', () => {
  it.each(['/me', '/users', '/nothing'])('may ask before it calls %s', async (path) => {
    const answer = await app.call('OPTIONS', path, { headers: preflight(ALLOWED) });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(corsHeaders(answer.headers)).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers':
        'Authorization, Content-Type, Accept-Language, X-Request-Id, If-Match, If-None-Match',
      'access-control-max-age': '600',
    });
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Language, Origin',
    });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads answers and failures', async () => {
    for (const path of ['/codes', '/me', '/nothing', '/me?a=%zz']) {
      const answer = await app.call('GET', path, { headers: { origin: ALLOWED } });
      expectEnvelope(answer);
      expect(corsHeaders(answer.headers), path).toEqual({
        'access-control-allow-origin': ALLOWED,
        'access-control-expose-headers': 'Retry-After, X-Request-Id, Content-Language, ETag',
      });
      expect(answer.headers['vary']).toBe('Accept-Language, Origin');
    }
  });

  it('is answered like anybody where it asks for something else than a preflight', async () => {
    expectFailure(await app.call('OPTIONS', '/me', { headers: { origin: ALLOWED } }), 405, 10004);
    expectFailure(await app.call('OPTIONS', '/nothing', { headers: { origin: ALLOWED } }), 404, 10003);
  });
});

describe('an origin that is not allowed', () => {
  it.each([STRANGER, 'null', `${ALLOWED}.evil.example`, ALLOWED.toUpperCase(), '*'])(
    'is told nothing: %s',
    async (origin) => {
      for (const [method, path, status] of [
        ['OPTIONS', '/me', 405],
        ['OPTIONS', '/nothing', 404],
        ['GET', '/me', 401],
      ] as const) {
        const answer = await app.call(method, path, { headers: preflight(origin) });
        expect(answer.status, `${method} ${path}`).toBe(status);
        expectEnvelope(answer);
        expect(corsHeaders(answer.headers)).toEqual({});
        expect(answer.headers['vary']).toBe('Accept-Language, Origin');
      }
    },
  );

  it('is told which methods there are, as everybody is', async () => {
    const answer = await app.call('OPTIONS', '/me', { headers: preflight(STRANGER) });
    expect(answer.headers['allow']).toContain('PATCH');
  });
});

import { Controller, Get } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RouteDeclarations } from '../../src/auth/route-declarations.ts';
import { Public } from '../../src/platform/security/route-access.ts';
import { WITH_DOCS, startApp, type TestApp } from '../support/app.ts';
import { expectFailure } from '../support/envelope.ts';
import { sendRaw } from '../support/raw.ts';

/** What may be called without a token; everything else is closed. */
const OPEN = new Set([
  'POST /signin',
  'POST /signin/code',
  'POST /signin/passkey/options',
  'POST /signin/passkey',
  'POST /signin/password',
  'POST /signin/totp',
  'POST /signup/codes',
  'POST /signup',
  'POST /password/codes',
  'POST /password/reset',
  'POST /tokens/renew_access',
  'POST /tokens/revoke',
  'GET /codes',
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /',
  'GET /docs',
  'GET /docs/{file}',
  'GET /openapi.json',
  'GET /openapi.yaml',
]);

let app: TestApp;
let routes: string[];
beforeAll(async () => {
  app = await startApp({ env: { ...WITH_DOCS, TOKEN_ISSUER: 'https://id.example.com' } });
  const { text } = await app.call('GET', '/openapi.json');
  const document: { paths: Record<string, object> } = JSON.parse(text);
  routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
});
afterAll(() => app.close());

describe('a route that is not public', () => {
  it('lets nobody in without a good token, and looks at nothing before', async () => {
    const closed = routes.filter((route) => !OPEN.has(route));
    expect(closed).toContain('GET /me');
    const { refresh_token } = await app.signIn();
    for (const route of closed) {
      const [method = '', path = ''] = route.split(' ');
      const target = path.replace(/\{\w+\}/g, 'canary');
      expectFailure(await app.call(method, target), 401, 11002);
      expectFailure(await app.call(method, `${target}?unknown=1`), 401, 11002);
      expectFailure(
        await app.call(method, target, { token: refresh_token, body: { unknown: 1 } }),
        401,
        11002,
      );
    }
  });

  it('is closed in its encoded forms, too', async () => {
    const statusOf = async (path: string): Promise<number> =>
      (await sendRaw(app.url, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)).status;
    for (const path of ['/%6de', '/m%65', '/us%65rs', 'http://a/me'])
      expect(await statusOf(path), path).toBe(401);
    for (const path of ['//me', '/me/', '/./me', '/x/../me', '/ME', '/me%2f', '/me;a', '/me%20']) {
      expect(await statusOf(path), path).toBe(404);
    }
  });
});

describe('a route that declares nothing', () => {
  it('stops the start, by name', async () => {
    @Controller('forgotten')
    class ForgottenController {
      @Get()
      readAll(): void {}

      @Get('open')
      @Public()
      readOpen(): void {}
    }
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule],
      controllers: [ForgottenController],
      providers: [RouteDeclarations],
    }).compile();
    await expect(module.init()).rejects.toThrow('ForgottenController.readAll.');
  });
});

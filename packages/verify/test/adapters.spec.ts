import express from 'express';
import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as onExpress from '../src/express.ts';
import * as onFastify from '../src/fastify.ts';
import { start } from './scene.ts';
import { ask, FRAMEWORKS, listening } from './services.ts';
import { AUDIENCE, ISSUER, KEY } from './stand-in.ts';
import { tellStory } from './story.ts';

describe('behind Express 5, Fastify 5 and Nest 12', () => {
  it('a change at Gatehouse counts within two seconds', async () => {
    const { gatehouse } = await start();
    const took = await tellStory({
      verifier: { url: gatehouse.url, issuer: ISSUER, audience: AUDIENCE, key: KEY, application: 'shop' },
      signIn: async (codes) => gatehouse.signIn(codes),
      end: async ({ sessionId }) => gatehouse.end(sessionId),
      permit: async ({ userId }, codes) => gatehouse.permit(userId, codes),
    });
    expect(Math.max(...took)).toBeLessThan(2_000);
  });

  it.each(Object.entries(FRAMEWORKS))('%s answers 503 while nobody can tell', async (_name, serve) => {
    const { gatehouse, verifier } = await start();
    const { token } = gatehouse.signIn();
    await gatehouse.stop();
    const service = await serve(verifier());
    onTestFinished(() => service.close());
    expect(await ask(service, '/me', token)).toMatchObject({ status: 503, code: 10010, challenge: null });
    const answer = await fetch(`${service.url}/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({ data: null });
  });

  it.each(Object.entries(FRAMEWORKS))('%s keeps two Authorization headers out', async (_name, serve) => {
    const { gatehouse, verifier } = await start();
    const { token } = gatehouse.signIn();
    const service = await serve(verifier());
    onTestFinished(() => service.close());
    const { request } = await import('node:http');
    const status = await new Promise((done, fail) => {
      const headers = ['authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`, 'host', 'x'];
      const sent = request(`${service.url}/me`, { headers, agent: false });
      sent.once('error', fail).once('response', (answer) => done(answer.resume().statusCode));
      sent.end();
    });
    expect(status).toBe(401);
  });
});

describe('an answer of one’s own', () => {
  it('takes the place of the envelope in Express and Fastify', async () => {
    const { verifier } = await start();
    const kit = verifier();
    const app = express().use(
      onExpress.gatehouseAuth(kit, {
        answer: ({ status }, _request, response) => void response.status(status).send('{"title":"no"}'),
      }),
    );
    const server = Fastify();
    server.addHook(
      'onRequest',
      onFastify.gatehouseAuth(kit, {
        answer: ({ status }, _request, reply) => reply.code(status).send('no'),
      }),
    );
    server.get('/', () => 'in');
    const service = await listening('Express 5', app);
    onTestFinished(() => service.close());
    const told = await fetch(service.url);
    expect([told.status, await told.text()]).toEqual([401, '{"title":"no"}']);
    const injected = await server.inject('/');
    expect([injected.statusCode, injected.body]).toEqual([401, 'no']);
  });
});

describe('a guard without gatehouseAuth before it', () => {
  it('lets nobody in', async () => {
    const app = express();
    app.get('/', onExpress.requirePermission('a:b'), (_request, response) => void response.json('in'));
    app.use(
      ((_error, _request, response, _next) =>
        void response.sendStatus(500)) satisfies express.ErrorRequestHandler,
    );
    const service = await listening('Express 5', app);
    onTestFinished(() => service.close());
    expect((await fetch(service.url)).status).toBe(500);
    const server = Fastify();
    server.get('/', onFastify.requirePermission('a:b'), () => 'in');
    expect((await server.inject('/')).statusCode).toBe(500);
  });
});

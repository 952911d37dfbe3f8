import express from 'express';
import Fastify from 'fastify';
import * as ex from '../src/express.ts';
import * as fa from '../src/fastify.ts';
import { createVerifier, type Principal } from '../src/index.ts';

// Never run. `npm run check` compiles it: what stands under @ts-expect-error must not compile.

export function routes(): void {
  const gatehouse = createVerifier({ url: 'https://id.example', issuer: 'i', audience: 'a' });

  const app = express();
  app.use(ex.gatehouseAuth(gatehouse));
  app.get('/orders', ex.requirePermission('orders:read'), (request, response) => {
    const principal: Principal = ex.principalOf(request);
    response.json(principal);
  });
  app.post('/orders/:id/refund', ex.requirePermission('orders:refund'), (request, response) => {
    const id: string = request.params.id;
    // @ts-expect-error: the route has no such parameter
    const other: string = request.params.other;
    response.json([id, other, ex.principalOf(request).userId]);
  });
  app.get('/me', ex.signedIn(), (request, response) => {
    response.json(ex.principalOf(request));
  });
  app.get('/open', (request, response) => {
    // @ts-expect-error: a route without a guard has no principal
    response.json(ex.principalOf(request));
  });
  // @ts-expect-error: a guard names what it requires
  ex.requirePermission();

  const server = Fastify();
  server.addHook('onRequest', fa.gatehouseAuth(gatehouse));
  server.get('/orders', fa.requirePermission('orders:read'), (request): Principal => fa.principalOf(request));
  server.get('/me', fa.signedIn(), (request) => fa.principalOf(request));
  server.get<{ Params: { id: string } }, fa.GuardedConfig>(
    '/orders/:id',
    { ...fa.requirePermission('orders:read'), logLevel: 'warn' },
    (request) => [request.params.id, fa.principalOf(request).sessionId],
  );
  // @ts-expect-error: a route without a guard has no principal
  server.get('/open', (request) => fa.principalOf(request));
}

export async function principals(): Promise<void> {
  const gatehouse = createVerifier({ url: 'https://id.example', issuer: 'i', audience: 'a' });
  const principal = await gatehouse.verify('token');
  // @ts-expect-error: nobody changes who calls
  principal.userId = 'someone else';
  // @ts-expect-error: an issuer is expected
  createVerifier({ url: 'https://id.example', audience: 'a' });
}

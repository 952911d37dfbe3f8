import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import Fastify from 'fastify';
import * as onExpress from '../src/express.ts';
import * as onFastify from '../src/fastify.ts';
import type { Principal, Verifier } from '../src/index.ts';
import { CurrentPrincipal, GatehouseGuard, Public, RequirePermission } from '../src/nest.ts';

/** The same little service on a framework: `/open`, `/me`, `/orders` and `/refunds`, of which the last needs two permissions. */
export interface Service {
  readonly name: string;
  readonly url: string;
  close(): Promise<void>;
}

export const FRAMEWORKS = { 'Express 5': serveExpress, 'Fastify 5': serveFastify, 'Nest 12': serveNest };

async function serveExpress(verifier: Verifier): Promise<Service> {
  const app = express();
  app.get('/open', (_request, response) => void response.json('open'));
  app.use(onExpress.gatehouseAuth(verifier));
  app.get('/me', onExpress.signedIn(), (request, response) => {
    response.json(onExpress.principalOf(request));
  });
  app.get('/orders', onExpress.requirePermission('orders:read'), (request, response) => {
    response.json(onExpress.principalOf(request));
  });
  app.get('/refunds', onExpress.requirePermission('orders:read', 'orders:refund'), (_request, response) => {
    response.json('refunds');
  });
  return listening('Express 5', app);
}

async function serveFastify(verifier: Verifier): Promise<Service> {
  const app = Fastify();
  app.get('/open', () => 'open');
  app.register((guarded, _options, done) => {
    guarded.addHook('onRequest', onFastify.gatehouseAuth(verifier));
    guarded.get('/me', onFastify.signedIn(), (request): Principal => onFastify.principalOf(request));
    guarded.get('/orders', onFastify.requirePermission('orders:read'), (request): Principal =>
      onFastify.principalOf(request),
    );
    guarded.get('/refunds', onFastify.requirePermission('orders:read', 'orders:refund'), () => 'refunds');
    done();
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { name: 'Fastify 5', url, close: () => app.close() };
}

@Controller()
class OrdersController {
  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('me')
  me(@CurrentPrincipal() principal: Principal): Principal {
    return principal;
  }

  @Get('orders')
  @RequirePermission('orders:read')
  orders(@CurrentPrincipal() principal: Principal): Principal {
    return principal;
  }
}

@Controller('refunds')
@RequirePermission('orders:refund')
class RefundsController {
  @Get()
  @RequirePermission('orders:read')
  refunds(): string {
    return 'refunds';
  }
}

@Module({ controllers: [OrdersController, RefundsController] })
class ShopModule {}

async function serveNest(verifier: Verifier): Promise<Service> {
  const app: INestApplication = await NestFactory.create(ShopModule, new FastifyAdapter(), { logger: false });
  app.useGlobalGuards(new GatehouseGuard(verifier));
  await app.listen(0, '127.0.0.1');
  return { name: 'Nest 12', url: await app.getUrl(), close: () => app.close() };
}

export async function listening(name: string, listener: RequestListener): Promise<Service> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { name, url: `http://127.0.0.1:${port}`, close };
}

/** As much of an answer as a client of a service decides on. */
export interface Told {
  readonly status: number;
  readonly code: number | undefined;
  readonly challenge: string | null;
  readonly userId: string | undefined;
}

export async function ask(service: Service, path: string, token?: string): Promise<Told> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(service.url + path, { headers });
  const text = await answer.text();
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as { code?: number; userId?: string };
  const { status } = answer;
  return { status, code: body.code, challenge: answer.headers.get('www-authenticate'), userId: body.userId };
}

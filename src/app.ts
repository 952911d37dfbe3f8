import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import { ApiDocument } from './openapi/api-document.js';
import { ManagementServer } from './health/management-server.js';
import { belongsTo } from './platform/http/client-address.js';
import { HttpLayer } from './platform/http/http-layer.js';
import { Draining, type HttpSettings, type TrustedProxies } from './platform/http/http-settings.js';
import { createLogger, NestLogger } from './platform/logging/logger.js';
import { Metrics } from './platform/metrics/metrics.js';
import { Clock } from './platform/time/clock.js';

export interface AppOptions {
  /** Tests move it. */
  readonly clock?: Clock;
  /** Where log lines go; standard output by default. */
  readonly logDestination?: DestinationStream;
}

/** Builds the whole service, ready to listen. The program and the tests use the same function. */
export async function createApp(config: Config, options: AppOptions = {}): Promise<NestFastifyApplication> {
  const { clock = new Clock(), logDestination } = options;
  const logger = createLogger(config.service.logLevel, logDestination);
  const trust = { trust_proxy: trustText(config.http) };
  logger.info(trust, 'TRUST_PROXY: whose forwarded headers tell the address of a client');
  const metrics = new Metrics();
  const http: HttpSettings = {
    defaultLanguage: config.service.defaultLanguage,
    corsOrigins: config.http.corsOrigins,
    trustProxy: trustedProxies(config.http),
    logger,
    draining: new Draining(),
    requestSeconds: metrics.histogram('http_request_duration_seconds', 'Time to answer a request.', [
      'method',
      'route',
      'status',
    ]),
  };
  const layer = new HttpLayer(http);
  // No middleware layer (middie): hooks do the work at a fraction of its cost.
  const adapter = new FastifyAdapter({ ...layer.options, skipMiddie: true });
  layer.install(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with({ config, clock, metrics, http }),
    adapter,
    {
      logger: new NestLogger(logger),
      bodyParser: false,
      abortOnError: false,
    },
  );
  if (config.http.docsEnabled) app.get(ApiDocument).prepare(app);
  return app;
}

/** Listens, on the management port last; answers the API's address. */
export async function listen(app: NestFastifyApplication, { http }: Config): Promise<string> {
  await app.listen({ port: http.port, host: http.host });
  await app.get(ManagementServer).listen();
  return app.getUrl();
}

function trustedProxies({ trustProxy }: Config['http']): TrustedProxies {
  switch (trustProxy.kind) {
    case 'none':
      return false;
    case 'hops':
      return (_address, hop) => hop < trustProxy.hops;
    case 'networks':
      return belongsTo(trustProxy.networks);
  }
}

function trustText({ trustProxy }: Config['http']): string {
  switch (trustProxy.kind) {
    case 'none':
      return 'none';
    case 'hops':
      return `${trustProxy.hops} hops`;
    case 'networks':
      return trustProxy.networks.join(', ');
  }
}

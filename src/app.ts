import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import type { Config, HttpConfig } from './config/config.js';
import { serveDocs } from './docs.js';
import { Draining } from './platform/http/draining.js';
import { HttpLayer, type TrustedProxies } from './platform/http/http-layer.js';
import { createLogger, NestLogger } from './platform/logging/logger.js';
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
  const logger = createLogger(config.logLevel, logDestination);
  logger.info({ trust_proxy: trustText(config.http) }, 'whose forwarded headers tell the client address');
  const draining = new Draining();
  const http = new HttpLayer({
    defaultLanguage: config.defaultLanguage,
    corsOrigins: config.http.corsOrigins,
    trustProxy: trustedProxies(config.http),
    logger,
    draining,
  });
  const adapter = new FastifyAdapter(http.options);
  http.install(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with({ config, clock, draining }), adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  if (config.http.docsEnabled) serveDocs(app);
  return app;
}

function trustedProxies({ trustProxy }: HttpConfig): TrustedProxies {
  switch (trustProxy.kind) {
    case 'none':
      return false;
    case 'hops':
      return (_address, hop) => hop < trustProxy.hops;
    case 'networks':
      return [...trustProxy.networks];
  }
}

function trustText({ trustProxy }: HttpConfig): string {
  switch (trustProxy.kind) {
    case 'none':
      return 'none';
    case 'hops':
      return `${trustProxy.hops} hops`;
    case 'networks':
      return trustProxy.networks.join(', ');
  }
}

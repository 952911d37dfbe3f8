import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { fastify, type FastifyInstance } from 'fastify';
import { httpConfig } from '../config/http.config.js';
import { currentRequest } from '../platform/context/request-context.js';
import { sendFailure } from '../platform/errors/app-exception.filter.js';
import { HttpLayer } from '../platform/http/http-layer.js';
import { HttpSettings } from '../platform/http/http-settings.js';
import { refuseAnyInput } from '../platform/http/undeclared-input.guard.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ReadinessService } from './readiness.service.js';

/**
 * A second server for the cluster's own eyes, on MANAGEMENT_PORT: health and metrics, apart from the API and never
 * routed to clients. It starts after the API, so that it never says ready too early, and stops after it, so that
 * readiness can be asked while the API drains.
 */
@Injectable()
export class ManagementServer implements OnApplicationShutdown {
  private readonly logger = new Logger(ManagementServer.name);
  private server: FastifyInstance | undefined;

  constructor(
    @Inject(httpConfig.KEY) private readonly http: ConfigType<typeof httpConfig>,
    private readonly settings: HttpSettings,
    private readonly readiness: ReadinessService,
    private readonly metrics: Metrics,
  ) {}

  /** Call once the API listens. */
  async listen(): Promise<void> {
    const { host, managementPort: port } = this.http;
    if (port === undefined) return;
    this.server = this.build();
    this.logger.log(`health and metrics on ${await this.server.listen({ host, port })}`);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server?.close();
  }

  private build(): FastifyInstance {
    const http = new HttpLayer({ ...this.settings, corsOrigins: [], requestSeconds: undefined });
    // When it stops, nobody is left to wait for: half a request must not hold the process.
    const server = fastify({ ...http.options, forceCloseConnections: true });
    http.install(server);
    server.setErrorHandler((error, _request, reply) => sendFailure(error, reply, currentRequest().language));
    server.addHook('preHandler', refuseAnyInput);
    server.get('/health/live', () => ({ status: 'ok' }));
    server.get('/health/ready', (_request, reply) => this.readiness.answer(reply));
    server.get('/metrics', async (_request, reply) => {
      const { type, text } = await this.metrics.render();
      return reply.type(type).send(text);
    });
    return server;
  }
}

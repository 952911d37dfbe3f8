import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { fastify, type FastifyInstance } from 'fastify';
import { Config } from '../config/config.js';
import { HttpLayer, HttpLayerSettings } from '../platform/http/http-layer.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ReadinessService } from './readiness.service.js';

/**
 * A second server for the cluster's own eyes, on MANAGEMENT_PORT: health and metrics, apart from the API and never
 * routed to clients. It stops last, so that readiness can be asked while the API drains.
 */
@Injectable()
export class ManagementServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ManagementServer.name);
  private server: FastifyInstance | undefined;

  constructor(
    private readonly config: Config,
    private readonly settings: HttpLayerSettings,
    private readonly readiness: ReadinessService,
    private readonly metrics: Metrics,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { host, managementPort: port } = this.config.http;
    if (port === undefined) return;
    this.server = this.build();
    this.logger.log(`health and metrics on ${await this.server.listen({ host, port })}`);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server?.close();
  }

  private build(): FastifyInstance {
    const http = new HttpLayer(this.settings);
    const server = fastify(http.options);
    http.install(server);
    http.answerFailures(server);
    server.get('/health/live', () => ({ status: 'ok' }));
    server.get('/health/ready', async (_request, reply) => {
      const answer = await this.readiness.check();
      if (answer.status !== 'ok') reply.code(503).header('retry-after', '1');
      return answer;
    });
    server.get('/metrics', async (_request, reply) => {
      const { type, text } = await this.metrics.render();
      return reply.type(type).send(text);
    });
    return server;
  }
}

import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Histogram } from 'prom-client';
import { clientAddress } from './client-address.js';
import type { HttpSettings } from './http-settings.js';

/** Requests of this route do not count in the metrics: probes come so often that they would hide how long the API takes. */
export const Unmeasured = () => RouteConfig({ unmeasured: true });

/** What stays of each request: one line in the log and one observation for the metrics. */
export class RequestRecord {
  private readonly logger: Logger;
  private readonly seconds: HttpSettings['requestSeconds'];
  /** By method, status and route, which are few: prom-client takes longer to find a series by its labels than to observe. */
  private readonly series = new Map<string, Histogram.Internal<string>>();

  constructor({ logger, requestSeconds }: HttpSettings) {
    // Looking for secrets costs ten times what the line itself costs, and this line has none: see `fieldsOf`.
    this.logger = logger.child({}, { redact: [] });
    this.seconds = requestSeconds;
  }

  keep(request: FastifyRequest, reply: FastifyReply): void {
    const { statusCode: status, elapsedTime } = reply;
    this.logger.info({ ...fieldsOf(request, elapsedTime), status }, 'request');
    if (this.seconds === undefined || 'unmeasured' in request.routeOptions.config) return;
    const labels = { method: request.method, route: routeOf(request), status };
    const key = `${labels.method} ${status} ${labels.route}`;
    const series = this.series.get(key) ?? this.seconds.labels(labels);
    this.series.set(key, series);
    series.observe(elapsedTime / 1_000);
  }

  /** For a request whose client has gone before the answer: it has a line, but no status and no place in the metrics. */
  keepAborted(request: FastifyRequest, reply: FastifyReply): void {
    this.logger.info({ ...fieldsOf(request, reply.elapsedTime), aborted: true }, 'request');
  }
}

/** Only what is named here, and none of it typed by a person. */
function fieldsOf(request: FastifyRequest, elapsed: number) {
  return {
    request_id: request.id,
    method: request.method,
    route: routeOf(request),
    ms: Math.round(elapsed * 10) / 10,
    address: clientAddress(request.ip, request.socket.remoteAddress),
  };
}

/** The route's template and not the URL: addresses can carry what does not belong in a log. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'none';
}

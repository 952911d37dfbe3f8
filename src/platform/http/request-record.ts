import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Histogram } from 'prom-client';
import { clientAddress } from './client-address.js';

export type RequestSeconds = Histogram<'method' | 'route' | 'status'>;

/** Requests of this route do not count in the metrics: probes come so often that they would hide how long the API takes. */
export const Unmeasured = () => RouteConfig({ unmeasured: true });

/** What stays of each request: one line in the log and one observation for the metrics. */
export class RequestRecord {
  private readonly logger: Logger;
  /** By method, route and status, which are few: finding a series by its labels costs more than observing. */
  private readonly series = new Map<string, Histogram.Internal<string>>();

  constructor(
    logger: Logger,
    /** `undefined`: nothing is measured. */
    private readonly seconds: RequestSeconds | undefined,
  ) {
    // Looking for secrets costs ten times what the line itself costs, and this line has none: see `fields`.
    this.logger = logger.child({}, { redact: [] });
  }

  keep(request: FastifyRequest, reply: FastifyReply): void {
    const route = routeOf(request);
    const { elapsedTime } = reply;
    this.logger.info(this.fields(route, elapsedTime, request, reply), 'request');
    this.observe(route, elapsedTime, request, reply);
  }

  /** For a request whose client has gone before the answer: it has a line, but no status and no place in the metrics. */
  keepAborted(request: FastifyRequest, reply: FastifyReply): void {
    const { status: _, ...fields } = this.fields(routeOf(request), reply.elapsedTime, request, reply);
    this.logger.info({ ...fields, aborted: true }, 'request');
  }

  /** Only what is named here, and none of it typed by a person. */
  private fields(route: string, elapsed: number, request: FastifyRequest, reply: FastifyReply) {
    return {
      request_id: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(elapsed * 10) / 10,
      address: clientAddress(request.ip, request.socket.remoteAddress),
    };
  }

  private observe(
    route: string,
    elapsed: number,
    { method, routeOptions }: FastifyRequest,
    { statusCode }: FastifyReply,
  ): void {
    if (this.seconds === undefined || 'unmeasured' in routeOptions.config) return;
    const key = `${method} ${statusCode} ${route}`;
    let series = this.series.get(key);
    if (series === undefined) {
      series = this.seconds.labels({ method, route, status: statusCode });
      this.series.set(key, series);
    }
    series.observe(elapsed / 1_000);
  }
}

/** The route's template and not the URL: addresses can carry what does not belong in a log. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'none';
}

import type { Server } from 'node:http';
import type {
  FastifyHttpOptions,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
} from 'fastify';
import type { Logger } from 'pino';
import { toAppError } from '../errors/failure.js';
import type { Language } from '../i18n/translator.js';
import { SECOND } from '../time/clock.js';
import type { Draining } from './draining.js';
import { acceptOnlyJson, BODY_LIMIT } from './json-body.js';
import { answerClientError, answerServerRefusals } from './raw-answers.js';
import { RequestLifecycle } from './request-lifecycle.js';
import { RouteTable } from './route-table.js';

/** Nobody, these addresses and networks, or a question asked for each hop, the peer being number 0. */
export type TrustedProxies = false | string[] | ((address: string, hop: number) => boolean);

export interface HttpLayerSettings {
  readonly defaultLanguage: Language;
  readonly corsOrigins: readonly string[];
  readonly trustProxy: TrustedProxies;
  readonly logger: Logger;
  readonly draining: Draining;
}

/** How long a request may take to arrive. */
const REQUEST_TIMEOUT = 10 * SECOND;

/** Longer than the idle time-outs of common load balancers, which would else reuse a connection that we close. */
const KEEP_ALIVE_TIMEOUT = 75 * SECOND;

/** Everything between the socket and the routes: limits, refusals in the envelope, and the request lifecycle. */
export class HttpLayer {
  private readonly routes = new RouteTable();
  private readonly lifecycle: RequestLifecycle;

  constructor(private readonly settings: HttpLayerSettings) {
    this.lifecycle = new RequestLifecycle({
      ...settings,
      routes: this.routes,
      trustsProxy: settings.trustProxy !== false,
    });
  }

  /** What Fastify must know when it is made. */
  get options(): FastifyServerOptions & Pick<FastifyHttpOptions<Server>, 'http'> & { skipMiddie: boolean } {
    const { defaultLanguage, trustProxy } = this.settings;
    return {
      trustProxy,
      logger: false,
      bodyLimit: BODY_LIMIT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      exposeHeadRoutes: false,
      return503OnClosing: false,
      // No middleware layer: hooks do the work at a fraction of its cost.
      skipMiddie: true,
      http: {
        // Node would answer a missing Host without the envelope; the lifecycle checks it.
        requireHostHeader: false,
        // How often Node looks for requests past their time-out; every 30 s by default.
        connectionsCheckingInterval: 1 * SECOND,
      },
      frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
        this.lifecycle.answer(toAppError(error), request, reply),
      clientErrorHandler: (error, socket) => answerClientError(error, socket, defaultLanguage),
    };
  }

  /** Call before any route is registered. */
  install(fastify: FastifyInstance): void {
    this.routes.install(fastify);
    acceptOnlyJson(fastify);
    this.lifecycle.install(fastify);
    answerServerRefusals(fastify.server, this.settings.defaultLanguage);
  }
}

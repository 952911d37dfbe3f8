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
import { wrapAnswers } from './envelope.js';
import { acceptOnlyJson, BODY_LIMIT } from './json-body.js';
import { RawAnswers } from './raw-answers.js';
import { RequestLifecycle } from './request-lifecycle.js';
import type { RequestSeconds } from './request-record.js';
import { RouteTable } from './route-table.js';

/** Nobody, these addresses and networks, or a question asked for each hop, the peer being number 0. */
export type TrustedProxies = false | string[] | ((address: string, hop: number) => boolean);

/** What the layer must be told. A class, so that it can be asked for by its name. */
export abstract class HttpLayerSettings {
  abstract readonly defaultLanguage: Language;
  abstract readonly corsOrigins: readonly string[];
  abstract readonly trustProxy: TrustedProxies;
  abstract readonly logger: Logger;
  abstract readonly draining: Draining;
  abstract readonly requestSeconds: RequestSeconds;
}

/** How long a request may take to arrive. */
const REQUEST_TIMEOUT = 10 * SECOND;

/** Longer than the idle time-outs of common load balancers, which would else reuse a connection that we close. */
const KEEP_ALIVE_TIMEOUT = 75 * SECOND;

/** Everything between the socket and the routes: limits, refusals in the envelope, and the request lifecycle. */
export class HttpLayer {
  private readonly routes = new RouteTable();
  private readonly lifecycle: RequestLifecycle;
  private readonly rawAnswers: RawAnswers;

  constructor(private readonly settings: HttpLayerSettings) {
    this.lifecycle = new RequestLifecycle({
      ...settings,
      routes: this.routes,
      trustsProxy: settings.trustProxy !== false,
    });
    this.rawAnswers = new RawAnswers(settings);
  }

  /** What Fastify must know when it is made. */
  get options(): FastifyServerOptions & Pick<FastifyHttpOptions<Server>, 'http'> {
    const { trustProxy } = this.settings;
    return {
      trustProxy,
      logger: false,
      bodyLimit: BODY_LIMIT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      exposeHeadRoutes: false,
      // The router takes `*` for `/`, and Nest then answers before our hooks run.
      rewriteUrl: ({ url = '/' }) => (url.startsWith('*') ? `/${url}` : url),
      return503OnClosing: false,
      http: {
        // While this is longer (60 s by default), Node does not notice at `requestTimeout` that a body has stopped.
        headersTimeout: REQUEST_TIMEOUT,
        // Node would answer a missing Host without the envelope; the lifecycle checks it.
        requireHostHeader: false,
        // How often Node looks for requests past their time-out; every 30 s by default.
        connectionsCheckingInterval: 1 * SECOND,
      },
      frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
        this.lifecycle.answer(toAppError(error), request, reply),
      clientErrorHandler: (error, socket) => this.rawAnswers.answerClientError(error, socket),
    };
  }

  /** Call before any route is registered. */
  install(fastify: FastifyInstance): void {
    this.routes.install(fastify);
    acceptOnlyJson(fastify);
    this.lifecycle.install(fastify);
    wrapAnswers(fastify);
    fastify.server.on('checkExpectation', (request, response) =>
      this.rawAnswers.refuseExpectation(request, response),
    );
    fastify.server.on('connect', (request, socket) => this.rawAnswers.refuseTunnel(request, socket));
  }

  /** For a server without Nest's exception filter. */
  answerFailures(fastify: FastifyInstance): void {
    fastify.setErrorHandler((error, request, reply) =>
      this.lifecycle.answer(toAppError(error), request, reply),
    );
  }
}

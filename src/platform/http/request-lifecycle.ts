import type { Socket } from 'node:net';
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { runInRequest, type RequestContext } from '../context/request-context.js';
import type { AppError } from '../errors/app-error.js';
import { sendFailure } from '../errors/app-exception.filter.js';
import { PlatformErrors } from '../errors/platform-errors.js';
import { negotiateLanguage } from '../i18n/translator.js';
import { clientAddress } from './client-address.js';
import { ForwardedHeaders } from './forwarded-headers.js';
import { answerHeaders } from './headers.js';
import type { HttpSettings } from './http-settings.js';
import { RequestRecord } from './request-record.js';
import type { RouteTable } from './route-table.js';

const CORS: FastifyCorsOptions = {
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: [
    'Authorization',
    'Content-Type',
    'Accept-Language',
    'X-Request-Id',
    'If-Match',
    'If-None-Match',
  ],
  exposedHeaders: ['Retry-After', 'X-Request-Id', 'Content-Language', 'ETag'],
  maxAge: 600,
};

/**
 * What happens to every request before its route and after its answer, as Fastify hooks: they cost a fraction of
 * middleware or of an interceptor, and they also run for what no route matches.
 */
export class RequestLifecycle {
  private readonly forwarded: ForwardedHeaders;
  private readonly record: RequestRecord;

  /** @param guard runs what is called outside of Fastify's hooks, where nothing else catches what is thrown */
  constructor(
    private readonly settings: HttpSettings,
    private readonly routes: RouteTable,
    private readonly guard: (socket: Socket, work: () => void) => void,
  ) {
    this.forwarded = new ForwardedHeaders(settings.logger, settings.trustProxy !== false);
    this.record = new RequestRecord(settings);
  }

  install(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      reply.raw.once('close', () => {
        if (reply.raw.writableFinished) return;
        this.guard(request.raw.socket, () => this.record.keepAborted(request, reply));
      });
      runInRequest(this.begin(request, reply), done);
    });
    this.allowOrigins(fastify);
    // Hooks run in the order in which they were added, and a preflight is answered by the plugin.
    fastify.after(
      () => void fastify.addHook('onRequest', (request, _reply, done) => done(this.refusal(request))),
    );
    fastify.addHook('onResponse', (request, reply, done) => {
      this.record.keep(request, reply);
      done();
    });
  }

  /** By itself the plugin would answer every `OPTIONS` of every origin, with 204 or with plain text. */
  private allowOrigins(fastify: FastifyInstance): void {
    const { corsOrigins } = this.settings;
    if (corsOrigins.length === 0) return;
    void fastify.register(cors, {
      delegator: ({ headers }, done) =>
        done(null, {
          ...CORS,
          origin: corsOrigins.includes(headers.origin ?? ''),
          preflight: headers['access-control-request-method'] !== undefined,
        }),
    });
  }

  /** Answers a request that failed before any hook ran. */
  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    sendFailure(thrown, reply, this.begin(request, reply).language);
  }

  private begin(request: FastifyRequest, reply: FastifyReply): RequestContext {
    const { headers } = request;
    this.forwarded.notice(request);
    const language = negotiateLanguage(headers['accept-language'], this.settings.defaultLanguage);
    reply.headers(answerHeaders(request.id, language));
    return {
      requestId: request.id,
      language,
      clientAddress: clientAddress(request.ip, request.socket.remoteAddress),
      userAgent: (headers['user-agent'] ?? '').slice(0, 512),
    };
  }

  /** Refuses before the body is read: no route, or a Host header that is missing or doubled (RFC 9112, 3.2). */
  private refusal(request: FastifyRequest): AppError | undefined {
    const needsHost = request.raw.httpVersion !== '1.0';
    const { host = [] } = request.raw.headersDistinct;
    if (host.length > 1 || (needsHost && !host[0])) {
      return PlatformErrors.malformedRequest({ reason: 'the Host header is missing or doubled' });
    }
    if (!isWellEncoded(request.raw.url ?? '')) {
      return PlatformErrors.malformedRequest({ reason: 'the query is not percent-encoded UTF-8' });
    }
    // The CORS plugin routes every `OPTIONS` to itself.
    const unrouted = request.is404 || request.method === 'OPTIONS';
    return unrouted ? this.routes.failureFor(request.raw.url ?? '/') : undefined;
  }
}

/** The router refuses a path that is badly encoded; the parser of queries would let it pass. */
function isWellEncoded(url: string): boolean {
  const start = url.indexOf('?');
  if (start === -1 || !url.includes('%', start)) return true;
  try {
    decodeURIComponent(url.slice(start + 1));
    return true;
  } catch {
    return false;
  }
}

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { Logger } from '@nestjs/common';
import { FailureLog } from '../errors/failure-log.js';
import { toAppError } from '../errors/failure.js';
import { SECOND } from '../time/clock.js';
import { Connection } from './connection.js';
import { installWeakTags } from './entity-tag.js';
import { requestIdOf } from './headers.js';
import type { HttpSettings } from './http-settings.js';
import { acceptOnlyJson, BODY_LIMIT } from './json-body.js';
import { RawAnswers } from './raw-answers.js';
import { RequestLifecycle } from './request-lifecycle.js';
import { RouteTable } from './route-table.js';
import { RoundRobin } from './round-robin.js';

/** How long a request may take to arrive. */
const REQUEST_TIMEOUT = 10 * SECOND;

/** Longer than the idle time-outs of common load balancers, which would else reuse a connection that we close. */
const KEEP_ALIVE_TIMEOUT = 75 * SECOND;

/**
 * How long nothing may happen on a connection with a request: longer than any answer takes to be made (`HASH_WAIT` is
 * at most 20 s). Node gives a write that had begun a second span. So a client that does not read an answer is gone in
 * less than a minute.
 */
const INACTIVITY_TIMEOUT = 26 * SECOND;

/**
 * How many further requests of clients that pipeline are carried out in one turn of the event loop. More of them, in
 * progress at the same time, live long enough for the garbage collector to keep them, and the memory fills.
 */
const PIPELINED_AT_ONCE = 4;

/** How long clients may take to use a kept connection for the last time, when the service ends. */
const LAST_REQUESTS = 1 * SECOND;

/** Everything between the socket and the routes: limits, refusals in the envelope, and the request lifecycle. */
export class HttpLayer {
  private readonly routes = new RouteTable();
  private readonly lifecycle: RequestLifecycle;
  private readonly rawAnswers: RawAnswers;
  private readonly failures = new FailureLog(new Logger('Connections'));
  private readonly connections = new Map<Socket, Connection>();
  private readonly pipelined = new RoundRobin(PIPELINED_AT_ONCE);
  /** Whether it no longer listens: a client that is told to connect again reaches another process. */
  private closing = false;

  constructor(private readonly settings: HttpSettings) {
    this.lifecycle = new RequestLifecycle(settings, this.routes, (socket, work) => this.guard(socket, work));
    this.rawAnswers = new RawAnswers(settings);
  }

  /** What Fastify must know when it is made. */
  get options(): FastifyServerOptions {
    const { trustProxy } = this.settings;
    return {
      trustProxy,
      logger: false,
      bodyLimit: BODY_LIMIT,
      genReqId: ({ headers }) => requestIdOf(headers),
      // The router takes `*` for `/`, and Nest then answers before our hooks run.
      rewriteUrl: ({ url = '/' }) => (url.startsWith('*') ? `/${url}` : url),
      return503OnClosing: false,
      serverFactory: (handler) => this.createServer(handler),
      frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
        this.guard(request.raw.socket, () => this.lifecycle.answer(error, request, reply)),
      clientErrorHandler: (error, socket) => this.refuseBytes(error, socket),
    };
  }

  /** Call before any route is registered. */
  install(fastify: FastifyInstance): void {
    this.routes.install(fastify);
    acceptOnlyJson(fastify);
    installWeakTags(fastify);
    this.lifecycle.install(fastify);
  }

  private createServer(handler: RequestListener): Server {
    const answer: RequestListener = (request, response) =>
      this.guard(request.socket, () => handler(request, response));
    const options = {
      requestTimeout: REQUEST_TIMEOUT,
      // While this is longer (60 s by default), Node does not notice at `requestTimeout` that a body has stopped.
      headersTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      // How often Node looks for requests past their time-out; every 30 s by default.
      connectionsCheckingInterval: 1 * SECOND,
      // Node would answer a missing Host without the envelope; the lifecycle checks it.
      requireHostHeader: false,
    };
    const server = createServer(options, (request, response) =>
      this.connections.get(request.socket)?.accept({ request, response, answer }),
    );
    server.setTimeout(INACTIVITY_TIMEOUT);
    server.closeIdleConnections = () => this.closeIdleConnections();
    // Node has forgotten those that asked for a tunnel.
    server.closeAllConnections = () => {
      for (const socket of this.connections.keys()) socket.destroy();
    };
    server.on('connection', (socket) => this.guard(socket, () => this.open(socket)));
    server.on('checkExpectation', (request, response) =>
      this.connections.get(request.socket)?.accept({
        request,
        response,
        answer: () => this.rawAnswers.refuseExpectation(request, response),
      }),
    );
    server.on('connect', (request, socket) => this.refuseTunnel(request, socket));
    return server;
  }

  private open(socket: Socket): void {
    const connection = new Connection(socket, {
      guard: (work) => this.guard(socket, work),
      isClosing: () => this.closing,
      waitForTurn: (goOn) => this.pipelined.wait(goOn),
    });
    this.connections.set(socket, connection);
    socket.once('close', () => this.connections.delete(socket));
  }

  /**
   * Node's way, which its `close` calls when it has stopped listening, resets a client that is just sending. While
   * the service drains, clients are therefore told first: their next answer has `Connection: close`. Only connections
   * that stay silent are closed without one.
   */
  private closeIdleConnections(): void {
    if (this.closing) return;
    this.closing = true;
    for (const connection of this.connections.values()) connection.announceEnd();
    const retireAll = () => {
      for (const connection of this.connections.values()) connection.retire();
    };
    if (this.settings.draining.begun) setTimeout(retireAll, LAST_REQUESTS).unref();
    else retireAll();
  }

  private refuseTunnel(request: IncomingMessage, socket: unknown): void {
    if (!(socket instanceof Socket)) return;
    this.connections.get(socket)?.refuse(() => this.rawAnswers.refuseTunnel(request, socket));
  }

  private refuseBytes(error: Error & { code?: string }, socket: Socket): void {
    // The client has gone.
    if (error.code === 'ECONNRESET') return void socket.destroy();
    this.connections
      .get(socket)
      ?.refuse(() => this.guard(socket, () => this.rawAnswers.answerClientError(error, socket)));
  }

  /**
   * Runs what Node or Fastify calls where nothing else catches what it throws: such a mistake costs one connection, and
   * not the process.
   */
  private guard(socket: Socket, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failures.error(toAppError(error), 'a connection was closed because of a mistake in the program');
      socket.destroy();
    }
  }
}

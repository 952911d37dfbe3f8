import { STATUS_CODES, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { AppError } from '../errors/app-error.js';
import { failureFor, toAppError, type Failure } from '../errors/failure.js';
import { PlatformErrors } from '../errors/platform-errors.js';
import { negotiateLanguage, type Language } from '../i18n/translator.js';
import { endSocket } from './connection.js';
import { ANSWER_HEADERS, JSON_TYPE } from './headers.js';
import { requestIdOf } from './request-id.js';

/**
 * Answers what Node's HTTP server refuses before Fastify sees a request: `Expect`, `CONNECT`, and malformed,
 * oversized and overdue requests.
 */
export class RawAnswers {
  constructor(private readonly options: { readonly defaultLanguage: Language; readonly logger: Logger }) {}

  /** For `Expect` other than `100-continue`. */
  refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
    const { status, headers, body } = this.failure(PlatformErrors.expectationFailed(), request.headers);
    const text = JSON.stringify(body);
    response
      .writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text), connection: 'close' })
      .end(text);
  }

  /** For `CONNECT`: this is no proxy. */
  refuseTunnel(request: IncomingMessage, socket: Socket): void {
    this.write(socket, PlatformErrors.methodNotAllowed({ allow: [] }), request.headers);
  }

  /** Answers on a bare socket, because there is no request that could be trusted. */
  answerClientError(error: Error, socket: Socket): void {
    const known = toAppError(error);
    const unforeseen = known.definition.status === 500;
    this.write(socket, unforeseen ? PlatformErrors.malformedRequest({ reason: error.message }) : known, {});
  }

  private write(socket: Socket, error: AppError, given: IncomingHttpHeaders): void {
    if (!socket.writable) return void socket.destroy();
    const { status, headers, body } = this.failure(error, given);
    const text = JSON.stringify(body);
    const lines = Object.entries({
      ...headers,
      'content-length': Buffer.byteLength(text),
      connection: 'close',
    });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    endSocket(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${text}`);
  }

  private failure(error: AppError, given: IncomingHttpHeaders): Failure {
    const language = negotiateLanguage(given['accept-language'], this.options.defaultLanguage);
    const failure = failureFor(error, language);
    const requestId = requestIdOf(given);
    this.options.logger.info(
      { request_id: requestId, status: failure.status, reason: error.message },
      'refused',
    );
    const headers = {
      ...ANSWER_HEADERS,
      ...failure.headers,
      'content-type': JSON_TYPE,
      'content-language': language,
      vary: 'Accept-Language',
      'x-request-id': requestId,
    };
    return { ...failure, headers };
  }
}

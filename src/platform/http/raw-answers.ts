import { STATUS_CODES, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AppError } from '../errors/app-error.js';
import { failureFor, toAppError } from '../errors/failure.js';
import { PlatformErrors } from '../errors/platform-errors.js';
import { negotiateLanguage } from '../i18n/translator.js';
import { endSocket } from './connection.js';
import { answerHeaders, JSON_TYPE, requestIdOf } from './headers.js';
import type { HttpSettings } from './http-settings.js';

/**
 * Answers what Node's HTTP server refuses before Fastify sees a request: `Expect`, `CONNECT`, and malformed,
 * oversized and overdue requests.
 */
export class RawAnswers {
  constructor(private readonly settings: HttpSettings) {}

  /** For `Expect` other than `100-continue`. */
  refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
    const { status, headers, text } = this.refusal(PlatformErrors.expectationFailed(), request.headers);
    response.writeHead(status, headers).end(text);
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
    const { status, headers, text } = this.refusal(error, given);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    endSocket(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`);
  }

  private refusal(error: AppError, given: IncomingHttpHeaders) {
    const { defaultLanguage, logger } = this.settings;
    const language = negotiateLanguage(given['accept-language'], defaultLanguage);
    const requestId = requestIdOf(given);
    const { status, headers: own, body } = failureFor(error, language);
    logger.info({ request_id: requestId, status, reason: error.message }, 'refused');
    const text = JSON.stringify(body);
    const headers = {
      ...answerHeaders(requestId, language),
      ...own,
      'content-type': JSON_TYPE,
      'content-length': Buffer.byteLength(text),
      connection: 'close',
    };
    return { status, headers, text };
  }
}

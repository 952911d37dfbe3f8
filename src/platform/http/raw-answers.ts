import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AppError } from '../errors/app-error.js';
import { failureFor, toAppError } from '../errors/failure.js';
import { PlatformErrors } from '../errors/platform-errors.js';
import { negotiateLanguage, type Language } from '../i18n/translator.js';
import { ANSWER_HEADERS, JSON_TYPE } from './headers.js';

/**
 * Answers what Node's HTTP server refuses before Fastify sees a request: `Expect`, `CONNECT`, and through
 * `answerClientError` malformed, oversized and overdue requests.
 */
export function answerServerRefusals(server: Server, defaultLanguage: Language): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const language = negotiateLanguage(request.headers['accept-language'], defaultLanguage);
    const { status, headers, body } = rawFailure(PlatformErrors.expectationFailed(), language);
    response.writeHead(status, { ...headers, connection: 'close' }).end(JSON.stringify(body));
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    writeRaw(socket, PlatformErrors.methodNotAllowed({ allow: [] }), defaultLanguage);
  });
}

/** Answers on a bare socket, because there is no request that could be trusted. */
export function answerClientError(error: Error, socket: Duplex, defaultLanguage: Language): void {
  if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) {
    socket.destroy();
    return;
  }
  const known = toAppError(error);
  writeRaw(
    socket,
    known.definition.status === 500 ? PlatformErrors.malformedRequest({ cause: error }) : known,
    defaultLanguage,
  );
}

function writeRaw(socket: Duplex, error: AppError, language: Language): void {
  const { status, headers, body } = rawFailure(error, language);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.once('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${text}`);
  // A close with unread input makes the kernel send a reset, which can overtake the answer: read on for a moment.
  socket.resume();
  setTimeout(() => socket.destroy(), 500).unref();
}

function rawFailure(error: AppError, language: Language) {
  const failure = failureFor(error, language);
  const headers: Record<string, string> = {
    ...ANSWER_HEADERS,
    ...failure.headers,
    'content-type': JSON_TYPE,
    'content-language': language,
    vary: 'Accept-Language',
  };
  return { ...failure, headers };
}

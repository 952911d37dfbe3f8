import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Level, type Logger } from 'pino';
import { requestInProgress } from '../context/request-context.js';

/** Field names whose values never reach the log, whoever logs them. */
const SECRET_FIELDS = [
  'password',
  'current_password',
  'new_password',
  'refresh_token',
  'access_token',
  'authorization',
  'hash',
];

/** JSON lines on standard output, each with the id of the request that it belongs to. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: {
      paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: () => {
      const request = requestInProgress();
      return request ? { request_id: request.requestId } : {};
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Nest tells of every module and route at each start; that helps only in search of a fault. */
const NEST_DETAILS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Hands what Nest and the modules log to pino. */
export class NestLogger implements LoggerService {
  readonly log = this.writer('info', 'debug');
  // A failed start is told in one line on standard error; Nest would tell it a second time.
  readonly error = this.writer('error', 'debug');
  readonly warn = this.writer('warn');
  readonly debug = this.writer('debug');
  readonly verbose = this.writer('trace');
  readonly fatal = this.writer('fatal');

  constructor(private readonly logger: Logger) {}

  /** Nest appends the context's name last; an object as message brings its sentence as the next argument. */
  private writer(level: Level, ofNest = level) {
    return (message: unknown, ...rest: readonly unknown[]): void => {
      const context = rest.at(-1);
      const write = NEST_DETAILS.has(String(context)) ? ofNest : level;
      if (message instanceof Error) this.logger[write]({ err: message, context }, message.message);
      else if (typeof message !== 'object') this.logger[write]({ context }, String(message));
      else this.logger[write]({ ...message, context }, rest.length > 1 ? String(rest[0]) : undefined);
    };
  }
}

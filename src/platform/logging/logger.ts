import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
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
      return request === undefined ? {} : { request_id: request.requestId };
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Nest tells of every module and route at each start; that is for those who look for a fault. */
const NEST_DETAILS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Hands what Nest and the modules log to pino. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(NEST_DETAILS.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    // A failed start is told in one line on standard error; Nest would tell it a second time.
    this.write(NEST_DETAILS.has(String(rest.at(-1))) ? 'debug' : 'error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest appends the context's name last; an object as message brings its sentence as the next argument. */
  private write(
    level: 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal',
    message: unknown,
    rest: unknown[],
  ) {
    const context = rest.length > 0 ? rest.at(-1) : undefined;
    if (message instanceof Error) return this.logger[level]({ err: message, context }, message.message);
    if (typeof message === 'object' && message !== null) {
      const text = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
      return this.logger[level]({ ...message, context }, text);
    }
    return this.logger[level]({ context }, String(message));
  }
}

import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { currentRequest } from '../context/request-context.js';
import type { Language } from '../i18n/translator.js';
import { FailureLog } from './failure-log.js';
import { failureFor, toAppError } from './failure.js';

const log = new FailureLog(new Logger('Failure'));

/** Turns whatever a route, a guard, a pipe or the body parser threw into the envelope. */
@Catch()
export class AppExceptionFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    sendFailure(thrown, host.switchToHttp().getResponse<FastifyReply>(), currentRequest().language);
  }
}

/** The one way in which Fastify answers a failure. What broke on our side is logged, too. */
export function sendFailure(thrown: unknown, reply: FastifyReply, language: Language): void {
  const error = toAppError(thrown);
  if (error.definition.status >= 500 && error.details.cause !== undefined) log.error(error);
  const { status, headers, body } = failureFor(error, language);
  // A route that lets its answers be kept does not mean its failures.
  void reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .send(body);
}

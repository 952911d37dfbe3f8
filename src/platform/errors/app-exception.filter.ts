import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { currentRequest } from '../context/request-context.js';
import { FailureLog } from './failure-log.js';
import { failureFor, toAppError } from './failure.js';

/** Turns whatever a route, a guard, a pipe or the body parser threw into the envelope. */
@Catch()
export class AppExceptionFilter implements ExceptionFilter {
  private readonly log = new FailureLog(new Logger('Failure'));

  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = toAppError(thrown);
    if (error.definition.status >= 500 && error.details.cause !== undefined) this.log.error(error);
    const failure = failureFor(error, currentRequest().language);
    void reply.code(failure.status).headers(failure.headers).send(failure.body);
  }
}

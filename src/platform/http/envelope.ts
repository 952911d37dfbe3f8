import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { currentRequest } from '../context/request-context.js';
import { translate } from '../i18n/translator.js';
import { JSON_TYPE } from './headers.js';

/** The successful answer of this route stands in the envelope. */
export const Enveloped = () => RouteConfig({ enveloped: true });

/**
 * Wraps successful answers as `{code, data, msg}`; failures are wrapped by the exception filter. A hook and not an
 * interceptor, which would wrap the call in observables and cost a tenth of a renewal
 * (docs/decisions/0006-envelope-in-a-hook.md). It sees what the controller returned as JSON already, or nothing.
 */
export function wrapAnswers(fastify: FastifyInstance): void {
  fastify.addHook<string | undefined>('onSend', (request, reply, payload, done) => {
    if (!('enveloped' in request.routeOptions.config) || reply.statusCode >= 400) return done(null, payload);
    const { language } = currentRequest();
    void reply.type(JSON_TYPE);
    done(null, `{"code":0,"data":${payload ?? 'null'},"msg":${JSON.stringify(translate('ok', language))}}`);
  });
}

import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PlatformErrors } from '../errors/platform-errors.js';

/** In bytes. */
export const BODY_LIMIT = 32 * 1024;
export const MAX_DEPTH = 10;

/**
 * Makes JSON in UTF-8 the only body that is read. An empty body under the JSON type counts as no body, because
 * common clients send the header on every call. GET may carry a body too, so that one is refused and not ignored.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  fastify.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
    (request, body, done) => {
      try {
        done(null, parseJsonBody(request, body));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)), undefined);
      }
    },
  );
}

/**
 * @throws AppError 10006 for another charset or an encoded body, 10002 for bad UTF-8 or bad JSON, 10001 for too
 *   many levels
 */
function parseJsonBody(request: FastifyRequest, body: Buffer): unknown {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (!hasUtf8Charset(type) || encoding.toLowerCase() !== 'identity')
    throw PlatformErrors.unsupportedMediaType();
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw PlatformErrors.malformedRequest({ reason: 'the body is not UTF-8' });
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw PlatformErrors.malformedRequest({ reason: 'the body is not JSON' });
  }
  if (isDeeperThan(value, MAX_DEPTH)) {
    throw PlatformErrors.invalidRequest({
      violations: [{ field: '', rule: 'depth', params: { max: MAX_DEPTH } }],
    });
  }
  return value;
}

function hasUtf8Charset(contentType: string): boolean {
  const match = /;\s*charset\s*=\s*"?([^";\s]*)"?/i.exec(contentType);
  return match === null || match[1]?.toLowerCase() === 'utf-8';
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  return Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { AppError } from '../errors/app-error.js';
import { PlatformErrors } from '../errors/platform-errors.js';

/** In bytes. */
export const BODY_LIMIT = 32 * 1024;
const MAX_DEPTH = 10;

/** The body of this route may be larger: so many bytes. */
export const LargeBody = (bodyLimit: number) => RouteConfig({ bodyLimit });

/** A body that cannot be read, and why. A route that takes a body throws that; any other refuses the body as such. */
export class UnreadableBody {
  constructor(readonly failure: AppError) {}
}

/**
 * Makes JSON in UTF-8 the only body that is read. An empty body under the JSON type, or under none, counts as no body:
 * common clients send the header on every call, and some send chunks and none in them. GET and HEAD may carry a
 * body too, so that one is refused and not ignored.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  // Nest knows no limit for one route; Fastify does.
  fastify.addHook('onRoute', (route) => {
    if (route.config?.bodyLimit !== undefined) route.bodyLimit = route.config.bodyLimit;
  });
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    if (request.headers['transfer-encoding'] === undefined) return done(null, payload);
    const { bodyLimit } = request.routeOptions;
    // What breaks the request breaks the body, and is answered as such.
    return done(
      null,
      pipeline(payload, new InOnePiece(bodyLimit), () => undefined),
    );
  });
  fastify.removeAllContentTypeParsers();
  for (const method of ['GET', 'HEAD'])
    fastify.addHttpMethod(method, { hasBody: true, overrideExisting: true });
  const options = { parseAs: 'buffer' } as const;
  fastify.addContentTypeParser<Buffer>('application/json', options, ({ headers }, body, done) =>
    done(null, readJson(headers, body)),
  );
  fastify.addContentTypeParser<Buffer>('*', options, ({ headers }, body, done) => {
    const unsupported = PlatformErrors.unsupportedMediaType();
    if (body.length > 0) done(null, new UnreadableBody(unsupported));
    else done(headers['content-type'] === undefined ? null : unsupported);
  });
}

/**
 * Joins a body that comes in chunks. Kept one by one until the end, as Fastify does, 32 KiB in chunks of one byte would
 * take megabytes.
 */
class InOnePiece extends Transform {
  private readonly body: Buffer;
  private length = 0;

  constructor(private readonly limit: number) {
    super();
    this.body = Buffer.alloc(limit + 1);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.length > this.limit) return done();
    this.length += chunk.copy(this.body, this.length);
    // Fastify refuses it now, and waits for no more.
    done(null, this.length > this.limit ? this.body : undefined);
  }

  override _flush(done: TransformCallback): void {
    const isTold = this.length === 0 || this.length > this.limit;
    done(null, isTold ? undefined : this.body.subarray(0, this.length));
  }
}

/** The value, `undefined` for no body, or why it cannot be read. */
function readJson(headers: IncomingHttpHeaders, body: Buffer): unknown {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
  if (!hasUtf8Charset(type) || encoding.toLowerCase() !== 'identity')
    return new UnreadableBody(PlatformErrors.unsupportedMediaType());
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) return malformed('the body is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return malformed('the body is not JSON');
  }
  if (isDeeperThan(value, MAX_DEPTH)) {
    const violations = [{ field: '', rule: 'depth', params: { max: MAX_DEPTH } }];
    return new UnreadableBody(PlatformErrors.invalidRequest({ violations }));
  }
  return value;
}

function malformed(reason: string): UnreadableBody {
  return new UnreadableBody(PlatformErrors.malformedRequest({ reason }));
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

import { readFile } from 'node:fs/promises';
import type { FastifyReply } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { refuseAnyInput } from '../platform/http/undeclared-input.guard.js';
import { describeApi, toYaml } from './describe-api.js';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** The page may load its own files, call this service, and nothing else. Swagger UI draws its icons as data URLs. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const OWN = new URL('./ui/', import.meta.url);
const SWAGGER_UI = new URL('.', import.meta.resolve('swagger-ui-dist/package.json'));

interface Asset {
  readonly type: string;
  readonly from: URL;
}

const ASSETS = new Map<string, Asset>([
  ['page.css', { type: CSS, from: OWN }],
  ['page.js', { type: JAVASCRIPT, from: OWN }],
  ['swagger-ui.css', { type: CSS, from: SWAGGER_UI }],
  ['swagger-ui-bundle.js', { type: JAVASCRIPT, from: SWAGGER_UI }],
  ['favicon-32x32.png', { type: 'image/png', from: SWAGGER_UI }],
]);

/**
 * Serves Swagger UI at `/docs` from its own files, the document at `/openapi.json` and `/openapi.yaml`, and sends `/`
 * there. Plain Fastify routes, because none of this is the API.
 */
export function serveDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  let known: OpenAPIObject | undefined;
  const document = (): OpenAPIObject => (known ??= describeApi(app));
  // Half a second of work, which must not be repeated for whoever asks.
  let yaml: string | undefined;

  const own = { preHandler: refuseAnyInput };
  fastify.get('/', own, (_request, reply) => reply.redirect('/docs'));
  fastify.get('/openapi.json', own, (_request, reply) => reply.send(document()));
  fastify.get('/openapi.yaml', own, (_request, reply) =>
    reply.type('application/yaml; charset=utf-8').send((yaml ??= toYaml(document()))),
  );
  fastify.get('/docs', own, (_request, reply) => sendFile(reply, 'index.html', { type: HTML, from: OWN }));
  fastify.get<{ Params: { file: string } }>('/docs/:file', own, ({ params: { file } }, reply) => {
    if (file === '') return reply.redirect('/docs');
    const asset = ASSETS.get(file);
    if (asset === undefined) throw PlatformErrors.noSuchRoute();
    return sendFile(reply, file, asset);
  });
}

async function sendFile(reply: FastifyReply, name: string, { type, from }: Asset): Promise<FastifyReply> {
  const content = await readFile(new URL(name, from));
  return reply
    .header('content-security-policy', PAGE_POLICY)
    .type(type)
    .send(type === CSS ? withoutSourceMap(content) : content);
}

/** Developer tools would ask for the map, which does not ship. */
function withoutSourceMap(css: Buffer): string {
  return css.toString('utf8').replace(/\/\*# sourceMappingURL=.*?\*\//, '');
}

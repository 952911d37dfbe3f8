import { readFile } from 'node:fs/promises';
import type { FastifyReply } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { JSON_TYPE } from '../platform/http/headers.js';
import { refuseAnyInput } from '../platform/http/undeclared-input.guard.js';
import { describeApi, toYaml } from './describe-api.js';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';
const YAML = 'application/yaml; charset=utf-8';

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

const INDEX: Asset = { type: HTML, from: OWN };

const ASSETS = new Map<string, Asset>([
  ['page.css', { type: CSS, from: OWN }],
  ['page.js', { type: JAVASCRIPT, from: OWN }],
  ['swagger-ui.css', { type: CSS, from: SWAGGER_UI }],
  ['swagger-ui-bundle.js', { type: JAVASCRIPT, from: SWAGGER_UI }],
  ['favicon-32x32.png', { type: 'image/png', from: SWAGGER_UI }],
]);

/** An answer as it is sent, whoever asks. */
interface Prepared {
  readonly type: string;
  readonly content: Buffer;
  /** Whether it belongs to the page, which may load its own files. */
  readonly page?: boolean;
}

/**
 * Serves Swagger UI at `/docs` from its own files, the document at `/openapi.json` and `/openapi.yaml`, and sends `/`
 * there. Plain Fastify routes, because none of this is the API.
 *
 * Everything is read and written out once, before the service listens: the bundle has 1.6 MB, and a copy for each of
 * many answers would fill the memory.
 */
export function serveDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const prepared = new Map<string, Prepared>();
  fastify.addHook('onReady', async () => {
    const document = describeApi(app);
    prepared.set('/openapi.json', { type: JSON_TYPE, content: Buffer.from(JSON.stringify(document)) });
    prepared.set('/openapi.yaml', { type: YAML, content: Buffer.from(toYaml(document)) });
    prepared.set('/docs', { type: HTML, content: await readAsset('index.html', INDEX), page: true });
    for (const [name, asset] of ASSETS) {
      prepared.set(`/docs/${name}`, { type: asset.type, content: await readAsset(name, asset), page: true });
    }
  });
  const send = (reply: FastifyReply, path: string): FastifyReply => {
    const found = prepared.get(path);
    if (found === undefined) throw PlatformErrors.noSuchRoute();
    if (found.page) reply.header('content-security-policy', PAGE_POLICY);
    return reply.type(found.type).send(found.content);
  };

  const own = { preHandler: refuseAnyInput };
  fastify.get('/', own, (_request, reply) => reply.redirect('/docs'));
  fastify.get('/openapi.json', own, (_request, reply) => send(reply, '/openapi.json'));
  fastify.get('/openapi.yaml', own, (_request, reply) => send(reply, '/openapi.yaml'));
  fastify.get('/docs', own, (_request, reply) => send(reply, '/docs'));
  fastify.get<{ Params: { file: string } }>('/docs/:file', own, ({ params: { file } }, reply) =>
    file === '' ? reply.redirect('/docs') : send(reply, `/docs/${file}`),
  );
}

async function readAsset(name: string, { type, from }: Asset): Promise<Buffer> {
  const content = await readFile(new URL(name, from));
  return type === CSS ? withoutSourceMap(content) : content;
}

/** Developer tools would ask for the map, which does not ship. */
function withoutSourceMap(css: Buffer): Buffer {
  return Buffer.from(css.toString('utf8').replace(/\/\*# sourceMappingURL=.*?\*\//, ''));
}

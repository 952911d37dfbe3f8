import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  applyDecorators,
  Controller,
  Get,
  Header,
  HttpCode,
  Param,
  Redirect,
  StreamableFile,
} from '@nestjs/common';
import {
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
  type ApiResponseNoStatusOptions,
} from '@nestjs/swagger';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiFailures } from '../platform/http/api-answer.js';
import { OutsideEnvelope } from '../platform/http/envelope.interceptor.js';
import { JSON_TYPE } from '../platform/http/headers.js';
import { Public } from '../platform/security/route-access.js';
import { ApiDocument } from './api-document.js';

const OWN = new URL('./assets/', import.meta.url);
const SWAGGER_UI = new URL('.', import.meta.resolve('swagger-ui-dist/package.json'));
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** What the page needs, by name: its type and its folder. The folder of Swagger UI holds more. */
const FILES = new Map<string, readonly [type: string, folder: URL]>([
  ['page.css', [CSS, OWN]],
  ['page.js', [JAVASCRIPT, OWN]],
  ['swagger-ui.css', [CSS, SWAGGER_UI]],
  ['swagger-ui-bundle.js', [JAVASCRIPT, SWAGGER_UI]],
  ['favicon-32x32.png', ['image/png', SWAGGER_UI]],
]);

/** The page may load its own files, call this service, and nothing else. Swagger UI draws its icons as data URLs. */
const PagePolicy = () =>
  Header(
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );

const Documented = (summary: string, status: 200 | 302, answer: ApiResponseNoStatusOptions) =>
  applyDecorators(
    Public(),
    OutsideEnvelope(),
    ApiOperation({
      summary,
      description: 'Where `DOCS_ENABLED` is on; else there is nothing at this address.',
    }),
    ApiResponse({ ...answer, status }),
  );

const TEXT = { schema: { type: 'string' } } as const;
const LOCATION = { required: true, ...TEXT, example: '/docs' };

/** The document, and Swagger UI that shows it. */
@ApiTags('System')
@ApiFailures(PlatformErrors.noSuchRoute)
@Controller()
export class DocsController {
  constructor(private readonly document: ApiDocument) {}

  @Get()
  @HttpCode(302)
  @Redirect('/docs')
  @Documented('Go to the documentation', 302, { description: 'To `/docs`', headers: { Location: LOCATION } })
  redirectToDocs(): void {}

  @Get('docs')
  @PagePolicy()
  @Documented('This documentation, as a page', 200, {
    description: 'The page',
    content: { 'text/html': TEXT },
  })
  showDocs(): Promise<StreamableFile> {
    return streamed('index.html', 'text/html; charset=utf-8', OWN);
  }

  @Get('docs/:file')
  @PagePolicy()
  @ApiParam({ name: 'file', description: 'Its name.', example: 'swagger-ui.css' })
  @Documented('A file of the documentation page', 200, {
    description: 'The file',
    content: { 'text/css': TEXT, 'text/javascript': TEXT, 'image/png': {} },
  })
  getDocsFile(@Param('file') name: string): Promise<StreamableFile> {
    const file = FILES.get(name);
    if (file === undefined) throw PlatformErrors.noSuchRoute();
    return streamed(name, ...file);
  }

  @Get('openapi.json')
  @Header('content-type', JSON_TYPE)
  @Documented('This document as JSON', 200, {
    description: 'OpenAPI 3.1',
    content: { 'application/json': { schema: { type: 'object' } } },
  })
  getOpenApiJson(): Buffer {
    return this.document.json;
  }

  @Get('openapi.yaml')
  @Header('content-type', 'application/yaml; charset=utf-8')
  @Documented('This document as YAML', 200, {
    description: 'OpenAPI 3.1',
    content: { 'application/yaml': TEXT },
  })
  getOpenApiYaml(): Buffer {
    return this.document.yaml;
  }
}

async function streamed(name: string, type: string, folder: URL): Promise<StreamableFile> {
  const url = new URL(name, folder);
  const { size } = await stat(url);
  return new StreamableFile(createReadStream(url), { type, length: size });
}

import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeApi, toYaml } from './describe-api.js';

const OWN_FILES = fileURLToPath(new URL('./assets/', import.meta.url));
const SWAGGER_UI = fileURLToPath(new URL('.', import.meta.resolve('swagger-ui-dist/package.json')));

/** The document as it is sent. It is written out once, and not for the caller who asks first and would hold up everybody. */
@Injectable()
export class ApiDocument {
  json = Buffer.of();
  yaml = Buffer.of();

  /** Call before the service listens: prepares the document and the files of its page. */
  async prepare(app: NestFastifyApplication): Promise<void> {
    const document = describeApi(app);
    this.json = Buffer.from(JSON.stringify(document));
    this.yaml = Buffer.from(toYaml(document));
    // Loaded only where there is a page, because it takes memory.
    const { fastifyStatic } = await import('@fastify/static');
    void app.register(fastifyStatic, {
      root: [OWN_FILES, SWAGGER_UI],
      serve: false,
      // These answers have the headers of all others.
      cacheControl: false,
      etag: false,
      lastModified: false,
      acceptRanges: false,
    });
  }
}

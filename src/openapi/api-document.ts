import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeApi, toYaml } from './describe-api.js';

/** The document as it is sent. It is written out once, and not for the caller who asks first and would hold up everybody. */
@Injectable()
export class ApiDocument {
  json = Buffer.of();
  yaml = Buffer.of();

  /** Call before the service listens, so that nobody waits for the document. */
  prepare(app: NestFastifyApplication): void {
    const document = describeApi(app);
    this.json = Buffer.from(JSON.stringify(document));
    this.yaml = Buffer.from(toYaml(document));
    // Nest can declare no path that ends in a slash. The relative links of the page lead nowhere below this one.
    app
      .getHttpAdapter()
      .getInstance()
      .get('/docs/', (_request, reply) => reply.redirect('/docs'));
  }
}

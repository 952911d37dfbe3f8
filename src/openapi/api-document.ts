import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeApi, toYaml } from './describe-api.js';

/** The document as it is sent. It is written out at the start: done for the first caller, it would hold up all others. */
@Injectable()
export class ApiDocument {
  json = Buffer.of();
  yaml = Buffer.of();

  /** Call before the service listens. */
  prepare(app: NestFastifyApplication): void {
    const document = describeApi(app);
    this.json = Buffer.from(JSON.stringify(document));
    this.yaml = Buffer.from(toYaml(document));
    // Nest leads no empty `:file` to the controller, and below `/docs/` the relative links of the page lead nowhere.
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request, reply, done) => {
        if (request.url === '/docs/' && !request.is404) void reply.redirect('/docs');
        else done();
      });
  }
}

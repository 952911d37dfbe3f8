import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeApi, toYaml } from './describe-api.js';

/** The document as it is sent. It is written out once, and not for the caller who asks first and would hold up everybody. */
@Injectable()
export class ApiDocument {
  json = Buffer.of();
  yaml = Buffer.of();

  /** Call before the service listens: nobody waits for the document then. */
  prepare(app: NestFastifyApplication): void {
    const document = describeApi(app);
    this.json = Buffer.from(JSON.stringify(document));
    this.yaml = Buffer.from(toYaml(document));
  }
}

import { Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Histogram } from 'prom-client';
import type { Language } from '../i18n/translator.js';

/** Nobody, or a question asked for each hop, the peer being number 0. */
export type TrustedProxies = false | ((address: string, hop: number) => boolean);

/** Whether a shutdown has begun: then readiness says no. */
@Injectable()
export class Draining {
  begun = false;
}

/** What the HTTP layer must be told. A class, so that Nest can inject it. */
export abstract class HttpSettings {
  abstract readonly defaultLanguage: Language;
  abstract readonly corsOrigins: readonly string[];
  abstract readonly trustProxy: TrustedProxies;
  abstract readonly logger: Logger;
  abstract readonly draining: Draining;
  /** Where the time of each answer goes; `undefined`: it is not measured. */
  abstract readonly requestSeconds: Histogram<'method' | 'route' | 'status'> | undefined;
}

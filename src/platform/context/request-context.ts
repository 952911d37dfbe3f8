import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Language } from '../i18n/translator.js';

/** Who asks, from where and in which language; set once per request, before anything else runs. */
export interface RequestContext {
  readonly requestId: string;
  /** The client's IP address in canonical form; empty for work that no client asked for. */
  readonly clientAddress: string;
  /** The `User-Agent` header as sent, cut at 512 characters; empty when absent. */
  readonly userAgent: string;
  readonly language: Language;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work`, and all that it starts, as part of the given request. */
export function runInRequest<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The request being served. Sweeps, start-up and operator commands get a context without a client. */
export function currentRequest(): RequestContext {
  return storage.getStore() ?? { requestId: randomUUID(), clientAddress: '', userAgent: '', language: 'en' };
}

/** The request being served, or nothing outside of one. */
export function requestInProgress(): RequestContext | undefined {
  return storage.getStore();
}

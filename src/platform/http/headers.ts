import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Language } from '../i18n/translator.js';

/** OWASP's REST security cheat sheet. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

export const JSON_TYPE = 'application/json; charset=utf-8';

/** What every answer carries, failures and answers on a bare socket included. */
export function answerHeaders(requestId: string, language: Language): Record<string, string> {
  return {
    ...SECURITY_HEADERS,
    'x-request-id': requestId,
    'content-language': language,
    vary: 'Accept-Language',
  };
}

/** The id that the client gave its request, or a new one where that is missing or could not stand in a log. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
}

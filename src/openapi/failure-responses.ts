import type { ComponentsObject, HeadersObject, ResponseObject, ResponsesObject } from '@nestjs/swagger';
import { AppError, type ErrorDefinition } from '../platform/errors/app-error.js';
import { failureFor } from '../platform/errors/failure.js';
import { translate } from '../platform/i18n/translator.js';
import type { DocumentedFailure } from '../platform/http/api-failures.js';

/** In seconds, in examples. */
const RETRY_AFTER = 30;

/** The answers of a route that fails: one for each status, in it one example for each error code. */
export function failureResponses(failures: readonly DocumentedFailure[]): ResponsesObject {
  const byStatus = Map.groupBy(onePerCode(failures), (failure) => definitionOf(failure).status);
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, failureResponse(group, status)]));
}

/** The answer to whatever the HTTP layer refuses, for `components.responses`. */
export function httpRefusal(failures: readonly DocumentedFailure[]): ResponseObject {
  const { description, ...response } = failureResponse(failures, 405);
  return { ...response, description: `Refused before the call was looked at.\n\n${description}` };
}

/** The examples that responses refer to by name, for `components.examples`. */
export function sharedExamples(failures: readonly DocumentedFailure[]): ComponentsObject['examples'] {
  const shared = failures.filter((failure) => !(failure instanceof AppError)).map(definitionOf);
  shared.sort((a, b) => a.code - b.code);
  return Object.fromEntries(
    shared.map((definition) => [
      definition.key,
      example(new AppError(definition, { retryAfter: RETRY_AFTER })),
    ]),
  );
}

export function headersFor(...names: readonly string[]): HeadersObject {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Failed envelopes differ in `data` only, which goes by the status, as headers do. */
function failureResponse(failures: readonly DocumentedFailure[], status: number): ResponseObject {
  const { schema, headers } = formOf(status);
  return {
    description: failures.map((failure) => `- \`${definitionOf(failure).code}\` ${text(failure)}`).join('\n'),
    headers: headersFor(...headers, 'X-Request-Id', 'Content-Language'),
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schema}` },
        examples: Object.fromEntries(
          failures.map((failure) => {
            const { key } = definitionOf(failure);
            const shared = { $ref: `#/components/examples/${key}` };
            return [key, failure instanceof AppError ? example(failure) : shared];
          }),
        ),
      },
    },
  };
}

function formOf(status: number): { readonly schema: string; readonly headers: readonly string[] } {
  switch (status) {
    case 400:
      return { schema: 'InvalidRequestFailure', headers: [] };
    case 401:
      return { schema: 'Failure', headers: ['WWW-Authenticate'] };
    case 405:
      return { schema: 'Failure', headers: ['Allow'] };
    case 429:
    case 503:
      return { schema: 'RetryLaterFailure', headers: ['Retry-After'] };
    default:
      return { schema: 'Failure', headers: [] };
  }
}

/** The one with details wins over the bare constant. */
function onePerCode(failures: readonly DocumentedFailure[]): DocumentedFailure[] {
  const byCode = new Map<number, DocumentedFailure>();
  for (const failure of failures) {
    const { code } = definitionOf(failure);
    if (failure instanceof AppError || !byCode.has(code)) byCode.set(code, failure);
  }
  return [...byCode].sort(([a], [b]) => a - b).map(([, failure]) => failure);
}

function example(error: AppError) {
  return { summary: `${error.definition.code} ${text(error)}`, value: failureFor(error, 'en').body };
}

function definitionOf(failure: DocumentedFailure): ErrorDefinition {
  return failure instanceof AppError ? failure.definition : failure().definition;
}

function text(failure: DocumentedFailure): string {
  return translate(definitionOf(failure).key, 'en');
}

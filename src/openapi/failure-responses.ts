import type {
  ExampleObject,
  HeadersObject,
  ReferenceObject,
  ResponseObject,
  ResponsesObject,
} from '@nestjs/swagger';
import { AppError, type ErrorDefinition } from '../platform/errors/app-error.js';
import { failureFor } from '../platform/errors/failure.js';
import { translate } from '../platform/i18n/translator.js';
import type { DocumentedFailure } from '../platform/http/api-failures.js';

/** In seconds, in examples. */
const RETRY_AFTER = 30;

/** The answers of a route that fails: one for each status, in it one example for each error code. */
export function failureResponses(failures: readonly DocumentedFailure[]): ResponsesObject {
  const byStatus = Map.groupBy(onePerCode(failures), (failure) => definitionOf(failure).status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      failureResponse(group, headersOf(status), schemaOf(status)),
    ]),
  );
}

/** The answer to whatever the HTTP layer refuses, for `components.responses`. */
export function httpRefusal(failures: readonly DocumentedFailure[]): ResponseObject {
  const { description, ...response } = failureResponse(failures, headersOf(405), 'Failure');
  return { ...response, description: `Refused before the call was looked at.\n\n${description}` };
}

/** The examples that responses refer to by name, for `components.examples`. */
export function sharedExamples(failures: readonly DocumentedFailure[]): Record<string, ExampleObject> {
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

function headersOf(status: number): HeadersObject {
  const own =
    { 401: ['WWW-Authenticate'], 405: ['Allow'], 429: ['Retry-After'], 503: ['Retry-After'] }[status] ?? [];
  return headersFor(...own, 'X-Request-Id', 'Content-Language');
}

/** The schemas of failed envelopes differ in `data` only, which goes by the status. */
function schemaOf(status: number): string {
  switch (status) {
    case 400:
      return 'InvalidRequestFailure';
    case 429:
    case 503:
      return 'RetryLaterFailure';
    default:
      return 'Failure';
  }
}

function failureResponse(
  failures: readonly DocumentedFailure[],
  headers: HeadersObject,
  schema: string,
): ResponseObject {
  return {
    description: failures.map((failure) => `- \`${definitionOf(failure).code}\` ${text(failure)}`).join('\n'),
    headers,
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schema}` },
        examples: Object.fromEntries(
          failures.map((failure) => [definitionOf(failure).key, exampleOrRef(failure)]),
        ),
      },
    },
  };
}

/** The one with details wins over the bare constant. */
function onePerCode(failures: readonly DocumentedFailure[]): DocumentedFailure[] {
  const byCode = new Map<number, DocumentedFailure>();
  for (const failure of failures) {
    const { code } = definitionOf(failure);
    if (failure instanceof AppError || !byCode.has(code)) byCode.set(code, failure);
  }
  return [...byCode.values()].sort((a, b) => definitionOf(a).code - definitionOf(b).code);
}

function exampleOrRef(failure: DocumentedFailure): ExampleObject | ReferenceObject {
  if (failure instanceof AppError) return example(failure);
  return { $ref: `#/components/examples/${definitionOf(failure).key}` };
}

function example(error: AppError): ExampleObject {
  return { summary: `${error.definition.code} ${text(error)}`, value: failureFor(error, 'en').body };
}

function definitionOf(failure: DocumentedFailure): ErrorDefinition {
  return failure instanceof AppError ? failure.definition : failure().definition;
}

function text(failure: DocumentedFailure): string {
  return translate(definitionOf(failure).key, 'en');
}

import type { ComponentsObject, HeadersObject, ResponseObject, ResponsesObject } from '@nestjs/swagger';
import { AppError } from '../platform/errors/app-error.js';
import { failureFor } from '../platform/errors/failure.js';
import type { DocumentedFailure } from '../platform/http/api-answer.js';

/** A failure with its example. The document holds that of a bare constant once, for all routes. */
interface Shown {
  readonly error: AppError;
  readonly isShared: boolean;
}

/** The schema and the headers that a failure has by its status; all others have `PLAIN`. */
const FORMS: Readonly<Record<number, { readonly schema: string; readonly headers: readonly string[] }>> = {
  400: { schema: 'InvalidRequestFailure', headers: [] },
  401: { schema: 'NotSignedInFailure', headers: ['WWW-Authenticate'] },
  405: { schema: 'Failure', headers: ['Allow'] },
  429: { schema: 'RetryLaterFailure', headers: ['Retry-After'] },
  503: { schema: 'RetryLaterFailure', headers: ['Retry-After'] },
};
const PLAIN = { schema: 'Failure', headers: [] };

/** The answers of a route that fails: one for each status, in it one example for each error code. */
export function failureResponses(failures: readonly DocumentedFailure[]): ResponsesObject {
  // Shared ones first: one that names details replaces the bare constant.
  const shown = failures.map(shownAs).sort((a, b) => Number(b.isShared) - Number(a.isShared));
  const onePerCode = new Map(shown.map((one) => [one.error.definition.code, one]));
  const byStatus = Map.groupBy(inOrder([...onePerCode.values()]), ({ error }) => error.definition.status);
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, failureResponse(group, status)]));
}

/** The answer to whatever the HTTP layer refuses, for `components.responses`. */
export function httpRefusal(failures: readonly DocumentedFailure[]): ResponseObject {
  const { description, ...response } = failureResponse(failures.map(shownAs), 405);
  return { ...response, description: `Refused before the call was looked at.\n\n${description}` };
}

/** The examples that responses refer to by name, for `components.examples`. */
export function sharedExamples(failures: readonly DocumentedFailure[]): ComponentsObject['examples'] {
  const shared = inOrder(failures.map(shownAs)).filter(({ isShared }) => isShared);
  return Object.fromEntries(shared.map(({ error }) => [error.definition.key, example(error)]));
}

export function headersFor(...names: readonly string[]): HeadersObject {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function failureResponse(failures: readonly Shown[], status: number): ResponseObject {
  const { schema, headers } = FORMS[status] ?? PLAIN;
  const examples = failures.map(({ error, isShared }) => {
    const { key } = error.definition;
    return [key, isShared ? { $ref: `#/components/examples/${key}` } : example(error)];
  });
  return {
    description: failures.map(({ error }) => `- \`${error.definition.code}\` ${textOf(error)}`).join('\n'),
    headers: headersFor(...headers, 'X-Request-Id', 'Content-Language'),
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schema}` },
        examples: Object.fromEntries(examples),
      },
    },
  };
}

function shownAs(failure: DocumentedFailure): Shown {
  const isShared = !(failure instanceof AppError);
  return { error: isShared ? failure({ retryAfter: 30 }) : failure, isShared };
}

function inOrder(failures: readonly Shown[]): Shown[] {
  return failures.toSorted((a, b) => a.error.definition.code - b.error.definition.code);
}

function example(error: AppError) {
  return { summary: `${error.definition.code} ${textOf(error)}`, value: failureFor(error, 'en').body };
}

function textOf(error: AppError): string {
  return failureFor(error, 'en').body.msg;
}

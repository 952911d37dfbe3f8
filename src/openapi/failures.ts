import type { Type } from '@nestjs/common';
import { AccessErrors } from '../access/access.errors.js';
import { AuthErrors } from '../auth/auth.errors.js';
import { AppError } from '../platform/errors/app-error.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import type { DocumentedFailure } from '../platform/http/api-failures.js';
import { validated } from '../platform/http/validation.pipe.js';
import type { Route } from './routes.js';

/** What the HTTP layer answers before it knows, or asks, which call is meant. */
export const HTTP_REFUSALS: readonly DocumentedFailure[] = [
  PlatformErrors.malformedRequest,
  PlatformErrors.methodNotAllowed({ allow: ['GET', 'POST'] }),
  PlatformErrors.requestTimeout,
  PlatformErrors.bodyTooLarge,
  PlatformErrors.unsupportedMediaType,
  PlatformErrors.expectationFailed,
  PlatformErrors.headersTooLong,
];

/** Every failure that a route can answer: what all routes of its kind can, then what it names itself. */
export function failuresOfRoute(route: Route, path: string): DocumentedFailure[] {
  const { access, answer, body, failures } = route;
  return [
    body === undefined ? UNDECLARED_INPUT : invalidBody(body),
    PlatformErrors.malformedRequest,
    ...(body === undefined ? [] : BODY_FAILURES),
    // A path parameter of more than 100 characters is no route to Fastify.
    ...(path.includes('{') ? [PlatformErrors.noSuchRoute] : []),
    ...(access.kind === 'public' ? [] : [AuthErrors.notSignedIn]),
    ...(access.kind === 'permission' ? [AccessErrors.notPermitted] : []),
    ...failures,
    PlatformErrors.internal,
    ...(answer === undefined || answer.usesDatabase === false ? [] : DATABASE_FAILURES),
  ];
}

const BODY_FAILURES = [
  PlatformErrors.requestTimeout,
  PlatformErrors.bodyTooLarge,
  PlatformErrors.unsupportedMediaType,
];

const DATABASE_FAILURES = [PlatformErrors.overloaded, PlatformErrors.dependencyUnavailable];

/** A field that no request has. */
const STRAY_FIELD = 'colour';

export const UNDECLARED_INPUT = PlatformErrors.invalidRequest({
  violations: [{ field: STRAY_FIELD, rule: 'unknown' }],
});

/** What the validation itself says about a body without any required field and with one that nobody knows. */
function invalidBody(body: Type<object>): AppError {
  try {
    validated(body, { [STRAY_FIELD]: 'green' });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${body.name} accepts unknown fields.`);
}

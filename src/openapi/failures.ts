import { AccessErrors } from '../access/access.errors.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { AuthErrors } from '../auth/auth.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import type { DocumentedFailure } from '../platform/http/api-answer.js';
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

const BODY_FAILURES = [
  PlatformErrors.requestTimeout,
  PlatformErrors.bodyTooLarge,
  PlatformErrors.unsupportedMediaType,
];

const DATABASE_FAILURES = [PlatformErrors.overloaded, PlatformErrors.dependencyUnavailable];

/**
 * Every failure that a route can answer: what all routes of its kind can, then what it names itself.
 *
 * @param required the fields that its body must have; `undefined` where it takes no body
 */
export function failuresOfRoute(
  { access, answer, peopleOnly, fresh, failures }: Route,
  path: string,
  required: readonly string[] | undefined,
): DocumentedFailure[] {
  return [
    invalidRequest(required),
    PlatformErrors.malformedRequest,
    ...(required === undefined ? [] : BODY_FAILURES),
    // A path parameter of more than 100 characters is no route to Fastify.
    ...(path.includes('{') ? [PlatformErrors.noSuchRoute] : []),
    // Too many keys that are none.
    ...(access.kind === 'public' ? [] : [AuthErrors.notSignedIn, PlatformErrors.tooManyRequests]),
    ...(access.kind === 'permission' || access.kind === 'all-permissions' ? [AccessErrors.notPermitted] : []),
    ...(peopleOnly ? [KeysErrors.notWithKey] : []),
    ...(fresh ? [AuthErrors.notFresh] : []),
    ...failures,
    PlatformErrors.internal,
    ...(answer === undefined || answer.usesDatabase === false ? [] : DATABASE_FAILURES),
  ];
}

/** The example has one unknown field and lacks every required one. */
function invalidRequest(required: readonly string[] = []): DocumentedFailure {
  const missing = required.map((field) => ({ field, rule: 'required' }));
  return PlatformErrors.invalidRequest({ violations: [{ field: 'colour', rule: 'unknown' }, ...missing] });
}

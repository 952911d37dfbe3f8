import { defineErrors, type Violation } from './app-error.js';

/** Failures that any route can meet, whatever it does. */
export const PlatformErrors = defineErrors('platform', {
  internal: [10000, 500],
  invalidRequest: [10001, 400],
  malformedRequest: [10002, 400],
  noSuchRoute: [10003, 404],
  methodNotAllowed: [10004, 405],
  bodyTooLarge: [10005, 413],
  unsupportedMediaType: [10006, 415],
  headersTooLong: [10007, 431],
  tooManyRequests: [10008, 429],
  overloaded: [10009, 503],
  dependencyUnavailable: [10010, 503],
  requestTimeout: [10011, 408],
  expectationFailed: [10012, 417],
  changedMeanwhile: [10013, 412],
});

/** @throws PlatformErrors.invalidRequest with these violations, if there are any */
export function refuse(violations: readonly Violation[]): void {
  if (violations.length > 0) throw PlatformErrors.invalidRequest({ violations });
}

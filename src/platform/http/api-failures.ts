import { AppError } from '../errors/app-error.js';

/** A failure by its constant, or made with the details that its example should show. */
export type DocumentedFailure = AppError | (() => AppError);

const FAILURES = Symbol('gatehouse:failures');

/**
 * Names the failures of a route's own, or of every route of a controller. What any route of its kind can answer is
 * derived and never named: a request that is not valid, no access token, a missing permission, a dependency that is
 * down. Beside a service stands such a list only once:
 *
 *     @ApiFailures(UsersErrors.notFound, UsersErrors.emailTaken)
 */
export function ApiFailures(...failures: readonly DocumentedFailure[]): MethodDecorator & ClassDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const subject: object = descriptor === undefined ? target : descriptor.value;
    Reflect.defineMetadata(FAILURES, [...failuresOf(subject), ...failures], subject);
  };
}

/** What `@ApiFailures` names on a handler or on a controller. */
export function failuresOf(subject: object): readonly DocumentedFailure[] {
  return Reflect.getOwnMetadata(FAILURES, subject) ?? [];
}

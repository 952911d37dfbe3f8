import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  DocumentedAnswer,
  DocumentedFailures,
  type Answer,
  type DocumentedFailure,
} from '../platform/http/api-answer.js';
import { Fresh, PeopleOnly, ROUTE_ACCESS, type RouteAccess } from '../platform/security/route-access.js';

/** What the decorators of a controller method say about the route, beyond what Nest's own document holds. */
export interface Route {
  /** `undefined`: outside the envelope. */
  readonly answer: Answer | undefined;
  readonly access: RouteAccess;
  /** Whether keys are refused. */
  readonly peopleOnly: boolean;
  /** Whether the session must be fresh. */
  readonly fresh: boolean;
  /** Named with `@ApiFailures`, those of the controller first. */
  readonly failures: readonly DocumentedFailure[];
}

/**
 * Every route by its operation id, which is the name of its controller method. A method is a route when it says who may
 * call it: the start fails for a route that does not.
 *
 * @throws Error when two methods share a name: generated clients call the operations by it
 */
export function routesOf(app: NestFastifyApplication): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const reflector = app.get(Reflector);
  for (const { metatype } of app.get(DiscoveryService).getControllers()) {
    if (typeof metatype !== 'function') continue;
    const prototype: Record<string, () => unknown> = metatype.prototype;
    for (const name of app.get(MetadataScanner).getAllMethodNames(prototype)) {
      const handler = prototype[name];
      const access = handler && reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, handler);
      if (handler === undefined || access === undefined) continue;
      if (routes.has(name))
        throw new Error(`Two routes are called ${name}; rename the one of ${metatype.name}.`);
      const failures = reflector.getAllAndMerge(DocumentedFailures, [metatype, handler]);
      const fresh = reflector.get(Fresh, handler) === true;
      const peopleOnly = fresh || reflector.get(PeopleOnly, handler) === true;
      const answer = reflector.get(DocumentedAnswer, handler);
      routes.set(name, { answer, access, peopleOnly, fresh, failures });
    }
  }
  return routes;
}

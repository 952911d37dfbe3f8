import { RequestMethod, type Type } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { answerOf, type Answer } from '../platform/http/api-answer.js';
import { failuresOf, type DocumentedFailure } from '../platform/http/api-failures.js';
import { ROUTE_ACCESS, type RouteAccess } from '../platform/security/route-access.js';

/** What the decorators of a controller method say about the route, beyond what Nest's own document holds. */
export interface Route {
  /** `undefined`: outside the envelope. */
  readonly answer: Answer | undefined;
  /** Of a success. */
  readonly status: number;
  readonly access: RouteAccess;
  /** The class that validates the body. */
  readonly body: Type<object> | undefined;
  /** Named with `@ApiFailures`, those of the controller first. */
  readonly failures: readonly DocumentedFailure[];
}

/**
 * Every route by its operation id, which is the name of its controller method.
 *
 * @throws Error when two methods share a name: generated clients call the operations by it
 */
export function routesOf(app: NestFastifyApplication): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const scanner = new MetadataScanner();
  for (const { controllers } of app.get(ModulesContainer).values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype: Record<string, object> = metatype.prototype;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const handler = prototype[name];
        if (handler === undefined || !Reflect.hasMetadata(METHOD_METADATA, handler)) continue;
        if (routes.has(name))
          throw new Error(`Two routes are called ${name}; rename the one of ${metatype.name}.`);
        routes.set(name, {
          answer: answerOf(handler),
          status: statusOf(handler),
          access: Reflect.getMetadata(ROUTE_ACCESS, handler),
          body: bodyClass(metatype, name),
          failures: [...failuresOf(metatype), ...failuresOf(handler)],
        });
      }
    }
  }
  return routes;
}

/** As Nest answers: `@HttpCode`, else 201 for POST. */
function statusOf(handler: object): number {
  const created = Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.POST;
  return Reflect.getMetadata(HTTP_CODE_METADATA, handler) ?? (created ? 201 : 200);
}

function bodyClass(controller: object & { prototype: object }, method: string): Type<object> | undefined {
  const args: Record<string, { index: number }> =
    Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {};
  const types: Type<object>[] = Reflect.getMetadata('design:paramtypes', controller.prototype, method) ?? [];
  const body = Object.entries(args).find(([kind]) => Number(kind.split(':', 1)[0]) === RouteParamtypes.BODY);
  return body === undefined ? undefined : types[body[1].index];
}

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  DocumentBuilder,
  SwaggerModule,
  type ComponentsObject,
  type OpenAPIObject,
  type OperationObject,
  type PathItemObject,
} from '@nestjs/swagger';
import { stringify } from 'yaml';
import { VERSION } from '../platform/version.js';
import { sharedComponents } from './components.js';
import { failuresOfRoute } from './failures.js';
import { INTRODUCTION, TAGS } from './introduction.js';
import { completeOperation, refuseUnknownFields } from './operations.js';
import { routesOf, type Route } from './routes.js';
import { UNROUTED_FAILURES, UNROUTED_PATHS } from './unrouted-paths.js';

/**
 * The OpenAPI document of the service: what Nest finds in the decorators of the routes, and for each what follows
 * from it: every failure with an example, headers, who may call it.
 *
 * Complete only in the build, because the compiler plugin reads the comments of routes and the types of classes.
 */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const routes = routesOf(app);
  const {
    paths,
    components = {},
    ...document
  } = SwaggerModule.createDocument(app, header(), {
    operationIdFactory: (_controller, method) => method,
  });
  const described = operationsOf(paths).map(({ path, operation }) => ({
    path,
    operation,
    route: routeOf(operation, routes),
  }));
  const failures = described.flatMap(({ path, route }) => failuresOfRoute(route, path));
  const all = withShared(components, sharedComponents([...failures, ...UNROUTED_FAILURES]));
  for (const { path, operation, route } of described) completeOperation(operation, route, path, all.schemas);
  refuseUnknownFields(
    described.map(({ operation }) => operation),
    all.schemas,
  );
  return { ...document, paths: inReadingOrder({ ...paths, ...UNROUTED_PATHS }), components: all };
}

/** The document as YAML, each part written out where it stands. */
export function toYaml(document: OpenAPIObject): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

function header(): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Gatehouse')
    .setDescription(INTRODUCTION)
    .setVersion(VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'Where this document comes from')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'The `access_token` of `POST /signin` or `POST /tokens/renew_access`.',
    });
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const { info, ...rest } = builder.build();
  const { contact: _empty, ...known } = info;
  return { ...rest, info: known };
}

function routeOf({ operationId = '' }: OperationObject, routes: ReadonlyMap<string, Route>): Route {
  const route = routes.get(operationId);
  if (route === undefined) throw new Error(`The document has an operation ${operationId} without a route.`);
  return route;
}

function withShared(components: ComponentsObject, shared: ComponentsObject) {
  return { ...components, ...shared, schemas: { ...components.schemas, ...shared.schemas } };
}

function operationsOf(paths: OpenAPIObject['paths']) {
  return Object.entries(paths).flatMap(([path, item]) =>
    operationsOfItem(item).map((operation) => ({ path, operation })),
  );
}

function operationsOfItem({ get, post, put, patch, delete: remove }: PathItemObject): OperationObject[] {
  return [get, post, put, patch, remove].filter((operation) => operation !== undefined);
}

/** By tag as the introduction lists them; within a tag as the controllers have them. */
function inReadingOrder(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const order: readonly string[] = TAGS.map(([name]) => name);
  const rank = (item: PathItemObject) => order.indexOf(operationsOfItem(item)[0]?.tags?.[0] ?? '');
  return Object.fromEntries(Object.entries(paths).sort(([, a], [, b]) => rank(a) - rank(b)));
}

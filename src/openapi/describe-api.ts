import { readFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject, type PathItemObject } from '@nestjs/swagger';
import { stringify } from 'yaml';
import { VERSION } from '../platform/version.js';
import { sharedComponents } from './components.js';
import type { Schemas } from './examples.js';
import { failuresOfRoute } from './failures.js';
import { completeOperation, refuseUnknownFields, requiredFields, type Described } from './operations.js';
import { routesOf, type Route } from './routes.js';

/** The groups of the document, in reading order. */
const TAGS = new Map([
  ['Sign-in', 'Open a session, renew its access token, end it.'],
  ['Me', 'The signed-in user: profile, password, sessions.'],
  ['Users', 'The administration of users and of their sessions.'],
  [
    'Keys',
    'What programs show in place of a password: of service accounts, and of people where that is allowed.',
  ],
  ['Roles', 'Roles, and the permissions that they give.'],
  ['Applications', 'Other services of the company, and the permissions that they declare.'],
  ['Menus', 'What the front ends of applications show, and to whom.'],
  ['Services', 'For the company’s other services: introspection, decisions, what ended and what changed.'],
  ['Audit', 'Who did what, and when.'],
  ['System', 'The error catalogue, signing keys, health, this document.'],
]);

/** What holds for every call, so that no operation has to repeat it. */
const INTRODUCTION = readFileSync(new URL('./assets/introduction.md', import.meta.url), 'utf8').trim();

/**
 * The OpenAPI document of the service: what Nest finds in the decorators of the routes, and for each what follows
 * from it: every failure with an example, headers, who may call it.
 *
 * Complete only in the build, because the compiler plugin reads the comments of routes and the types of classes.
 */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const { paths, components, ...document } = SwaggerModule.createDocument(app, header(), {
    operationIdFactory: (_controller, method) => method,
  });
  const declared = components?.schemas ?? {};
  const operations = describedOperations(paths, declared, routesOf(app));
  const shared = sharedComponents(operations.flatMap(({ failures }) => failures));
  const schemas = { ...declared, ...shared.schemas };
  for (const described of operations) completeOperation(described, schemas);
  refuseUnknownFields(operations, schemas);
  return {
    ...document,
    paths: inReadingOrder(paths),
    components: { ...components, ...shared, schemas },
  };
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
      description: 'The `access_token` of `POST /signin` or `POST /tokens/renew_access`, or a key.',
    });
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const { info, ...rest } = builder.build();
  const { contact: _empty, ...known } = info;
  return { ...rest, info: known };
}

function describedOperations(
  paths: OpenAPIObject['paths'],
  schemas: Schemas,
  routes: ReadonlyMap<string, Route>,
): Described[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    operationsOf(item).map((operation) => {
      const route = routes.get(operation.operationId ?? '');
      if (route === undefined) throw new Error(`The operation ${operation.operationId} has no route.`);
      return { operation, route, failures: failuresOfRoute(route, path, requiredFields(operation, schemas)) };
    }),
  );
}

function operationsOf({ get, post, put, patch, delete: remove }: PathItemObject) {
  return [get, post, put, patch, remove].filter((operation) => operation !== undefined);
}

/** By tag as listed above; within a tag as the controllers have them. */
function inReadingOrder(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const order = [...TAGS.keys()];
  const rank = (item: PathItemObject) => order.indexOf(operationsOf(item)[0]?.tags?.[0] ?? '');
  return Object.fromEntries(Object.entries(paths).sort(([, a], [, b]) => rank(a) - rank(b)));
}

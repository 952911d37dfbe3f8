import type { MediaTypeObject, OperationObject, ResponsesObject, SchemaObject } from '@nestjs/swagger';
import type { DocumentedFailure } from '../platform/http/api-answer.js';
import { namesOfIgnoring } from '../platform/http/class-rules.js';
import { exampleOf, resolve, schemasBelow, type Schemas } from './examples.js';
import { failureResponses, headersFor } from './failure-responses.js';
import type { Route } from './routes.js';

/** An operation of Nest's document, and what is known about its route. */
export interface Described {
  readonly operation: OperationObject;
  readonly route: Route;
  readonly failures: readonly DocumentedFailure[];
}

/** Adds to an operation, in place, what follows from its route: examples, answers, headers, who may call it. */
export function completeOperation({ operation, route, failures }: Described, schemas: Schemas): void {
  const { access, answer } = route;
  if (access.kind === 'public') operation.security = [];
  operation.description = [unwrapped(operation.description), whoMayCall(route)].filter(Boolean).join('\n\n');
  describePathParameters(operation);
  addExample(jsonBody(operation), schemas);
  operation.responses = {
    ...failureResponses(failures),
    ...(answer === undefined
      ? bareResponses(operation.responses, schemas)
      : successOf(answer, operation.responses, schemas)),
    default: { $ref: '#/components/responses/HttpRefusal' },
  };
}

/** The fields that the body of an operation must have; `undefined` where it takes none. */
export function requiredFields(operation: OperationObject, schemas: Schemas): readonly string[] | undefined {
  const schema = jsonBody(operation)?.schema;
  return schema && (resolve(schema, schemas).required ?? []);
}

/** The API refuses fields that a request does not declare, with few exceptions, and so the schemas of requests say so. */
export function refuseUnknownFields(operations: readonly Described[], schemas: Schemas): void {
  const bodies = operations.map(({ operation }) => operation.requestBody ?? null);
  const requests: ReadonlySet<SchemaObject> = schemasBelow(bodies, schemas);
  const open = new Set(namesOfIgnoring().map((name) => schemas[name]));
  for (const schema of requests) if (schema.type === 'object') schema.additionalProperties = open.has(schema);
}

/** The lines of a comment end where the source has no more room. */
function unwrapped(text: string | undefined): string | undefined {
  return text?.replace(/(?<!\n)\n(?!\n)/g, ' ');
}

function whoMayCall({ access, peopleOnly, fresh }: Route): string {
  const session = fresh
    ? ' The session must be fresh: see `POST /me/reauthentication`.'
    : peopleOnly
      ? ' Not with a key.'
      : '';
  switch (access.kind) {
    case 'public':
      return 'Anyone may call this.';
    case 'signed-in':
      return `Anyone who is signed in may call this.${session}`;
    case 'permission': {
      const codes = access.anyOf.map(({ code }) => `\`${code}\``).join(', ');
      return access.anyOf.length === 1
        ? `Needs the permission ${codes}.${session}`
        : `Needs one of the permissions ${codes}.${session}`;
    }
    case 'all-permissions': {
      const codes = access.allOf.map(({ code }) => `\`${code}\``).join(' and ');
      return `Needs the permissions ${codes}.${session}`;
    }
  }
}

/** A path id that is no UUID is answered like one that nothing has. */
function describePathParameters({ parameters = [] }: OperationObject): void {
  for (const parameter of parameters) {
    if ('$ref' in parameter || parameter.in !== 'path' || parameter.description !== undefined) continue;
    parameter.description = 'A UUID.';
    parameter.schema = { type: 'string', format: 'uuid' };
    parameter.example = '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11';
  }
}

/** Nest's document knows the status, and describes an answer without its envelope. */
function successOf(
  { envelope, entityTag = false, weakTag = false }: NonNullable<Route['answer']>,
  declared: ResponsesObject,
  schemas: Schemas,
): ResponsesObject {
  const [status = '200'] = Object.keys(declared);
  const media: MediaTypeObject = { schema: { $ref: `#/components/schemas/${envelope.name}` } };
  addExample(media, schemas);
  return {
    [status]: {
      description: status === '201' ? 'Created' : 'Success',
      headers: headersFor(...(entityTag || weakTag ? ['ETag'] : []), 'X-Request-Id', 'Content-Language'),
      content: { 'application/json': media },
    },
    ...(weakTag && {
      '304': {
        description: 'What `If-None-Match` names is still the answer.',
        headers: headersFor('ETag', 'X-Request-Id', 'Content-Language'),
      },
    }),
  };
}

/** Answers outside the envelope stand as their route declares them. */
function bareResponses(declared: ResponsesObject, schemas: Schemas): ResponsesObject {
  for (const [status, response] of Object.entries(declared)) {
    if (response === undefined || '$ref' in response) continue;
    if (response.description === '') response.description = status === '200' ? 'Success' : 'Not now';
    const own = status === '503' ? ['Retry-After'] : [];
    response.headers = { ...response.headers, ...headersFor(...own, 'X-Request-Id', 'Content-Language') };
    for (const media of Object.values(response.content ?? {})) addExample(media, schemas);
  }
  return declared;
}

/** A file has none, and needs none. */
function addExample(media: MediaTypeObject | undefined, schemas: Schemas): void {
  if (media?.schema === undefined || !('$ref' in media.schema) || media.example !== undefined) return;
  if (media.examples === undefined) media.example = exampleOf(media.schema, schemas);
}

function jsonBody({ requestBody }: OperationObject): MediaTypeObject | undefined {
  return requestBody === undefined || '$ref' in requestBody
    ? undefined
    : requestBody.content['application/json'];
}

import type { ComponentsObject, MediaTypeObject, OperationObject, ResponsesObject } from '@nestjs/swagger';
import type { RouteAccess } from '../platform/security/route-access.js';
import { exampleOf, namesBelow } from './examples.js';
import { failureResponses, headersFor } from './failure-responses.js';
import { failuresOfRoute } from './failures.js';
import type { Route } from './routes.js';

type Schemas = NonNullable<ComponentsObject['schemas']>;

const JSON_TYPE = 'application/json';

/** Adds to an operation, in place, what follows from its route: examples, answers, headers, who may call it. */
export function completeOperation(
  operation: OperationObject,
  route: Route,
  path: string,
  schemas: Schemas,
): void {
  const { access, answer, status } = route;
  if (access.kind === 'public') operation.security = [];
  operation.description = [unwrapped(operation.description), whoMayCall(access)].filter(Boolean).join('\n\n');
  describePathParameters(operation);
  const body = jsonOf(operation.requestBody);
  if (body !== undefined) addExample(body, schemas);
  const success =
    answer === undefined ? bareResponses(operation.responses, schemas) : successOf(answer, status, schemas);
  operation.responses = {
    ...failureResponses(failuresOfRoute(route, path)),
    ...success,
    default: { $ref: '#/components/responses/HttpRefusal' },
  };
}

/** The API refuses fields that a request does not declare, and so the schemas of requests say so. */
export function refuseUnknownFields(operations: readonly OperationObject[], schemas: Schemas): void {
  for (const { requestBody } of operations) {
    const schema = jsonOf(requestBody)?.schema;
    if (schema === undefined) continue;
    for (const name of namesBelow(schema, schemas)) {
      const named = schemas[name];
      if (named !== undefined && 'type' in named && named.type === 'object')
        named.additionalProperties = false;
    }
  }
}

/** The lines of a comment end where the source has no more room. */
function unwrapped(text: string | undefined): string | undefined {
  return text?.replace(/(?<!\n)\n(?!\n)/g, ' ');
}

function whoMayCall(access: RouteAccess): string {
  switch (access.kind) {
    case 'public':
      return 'Anyone may call this.';
    case 'signed-in':
      return 'Anyone who is signed in may call this.';
    case 'permission': {
      const codes = access.anyOf.map(({ code }) => `\`${code}\``);
      return codes.length === 1
        ? `Needs the permission ${codes.join('')}.`
        : `Needs one of the permissions ${codes.join(', ')}.`;
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

function successOf(
  { envelope, example, description }: NonNullable<Route['answer']>,
  status: number,
  schemas: Schemas,
): ResponsesObject {
  const media: MediaTypeObject = { schema: { $ref: `#/components/schemas/${envelope.name}` } };
  if (example === undefined) addExample(media, schemas);
  else media.example = { code: 0, data: example, msg: 'ok' };
  return {
    [status]: {
      description: description ?? (status === 201 ? 'Created' : 'Success'),
      headers: headersFor('X-Request-Id', 'Content-Language'),
      content: { [JSON_TYPE]: media },
    },
  };
}

/** Answers outside the envelope stand as their route declares them. */
function bareResponses(declared: ResponsesObject, schemas: Schemas): ResponsesObject {
  for (const [status, response] of Object.entries(declared)) {
    if (response === undefined || '$ref' in response) continue;
    if (response.description === '') response.description = status === '200' ? 'Success' : 'Not now';
    response.headers = {
      ...response.headers,
      ...headersFor(...(status === '503' ? ['Retry-After'] : []), 'X-Request-Id', 'Content-Language'),
    };
    for (const media of Object.values(response.content ?? {})) addExample(media, schemas);
  }
  return declared;
}

function addExample(media: MediaTypeObject, schemas: Schemas): void {
  if (media.schema === undefined || media.example !== undefined || media.examples !== undefined) return;
  media.example = exampleOf(media.schema, schemas);
}

function jsonOf(body: OperationObject['requestBody']): MediaTypeObject | undefined {
  return body === undefined || '$ref' in body ? undefined : body.content[JSON_TYPE];
}

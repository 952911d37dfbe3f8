import type { OpenAPIObject, OperationObject, ResponseObject, ResponsesObject } from '@nestjs/swagger';
import { UNDECLARED_INPUT } from './failures.js';
import { failureResponses, headersFor } from './failure-responses.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';

/** Switched off, the address does not exist. */
export const UNROUTED_FAILURES = [
  UNDECLARED_INPUT,
  PlatformErrors.malformedRequest,
  PlatformErrors.noSuchRoute,
];

/** What is served without a controller: this document and the page that shows it. */
export const UNROUTED_PATHS: OpenAPIObject['paths'] = {
  '/': {
    get: page('redirectToDocs', 'Go to the documentation', {
      '302': {
        description: 'To `/docs`',
        headers: { Location: { required: true, schema: { type: 'string' }, example: '/docs' }, ...headers() },
      },
    }),
  },
  '/docs': {
    get: page('showDocs', 'This documentation, as a page', { '200': file('text/html', 'The page') }),
  },
  '/docs/{file}': {
    get: {
      ...page('getDocsFile', 'A file of the documentation page', {
        '200': {
          description: 'The file',
          headers: headers(),
          content: { 'text/css': text(), 'text/javascript': text(), 'image/png': {} },
        },
      }),
      parameters: [
        { name: 'file', in: 'path', required: true, schema: { type: 'string' }, example: 'swagger-ui.css' },
      ],
    },
  },
  '/metrics': {
    get: {
      ...page('getMetrics', 'Measurements, for Prometheus', {
        '200': file('text/plain', 'Prometheus text format'),
      }),
      description: 'In a trial; in production they stand on `MANAGEMENT_PORT` alone.',
    },
  },
  '/openapi.json': {
    get: page('getOpenApiJson', 'This document as JSON', {
      '200': {
        description: 'OpenAPI 3.1',
        headers: headers(),
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    }),
  },
  '/openapi.yaml': {
    get: page('getOpenApiYaml', 'This document as YAML', { '200': file('application/yaml', 'OpenAPI 3.1') }),
  },
};

function page(operationId: string, summary: string, responses: ResponsesObject): OperationObject {
  return {
    operationId,
    summary,
    description: 'Anyone may call this, where `DOCS_ENABLED` is on; else there is nothing at this address.',
    tags: ['System'],
    security: [],
    responses: {
      ...responses,
      ...failureResponses(UNROUTED_FAILURES),
      default: { $ref: '#/components/responses/HttpRefusal' },
    },
  };
}

function file(type: string, description: string): ResponseObject {
  return { description, headers: headers(), content: { [type]: text() } };
}

function text() {
  return { schema: { type: 'string' } };
}

function headers() {
  return headersFor('X-Request-Id', 'Content-Language');
}

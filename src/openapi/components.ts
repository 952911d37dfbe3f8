import type { ComponentsObject } from '@nestjs/swagger';
import type { DocumentedFailure } from '../platform/http/api-failures.js';
import { httpRefusal, sharedExamples } from './failure-responses.js';
import { HTTP_REFUSALS } from './failures.js';

/** What many operations refer to: failed envelopes, their examples, headers. */
export function sharedComponents(failures: readonly DocumentedFailure[]): ComponentsObject {
  return {
    schemas: FAILURES,
    responses: { HttpRefusal: httpRefusal(HTTP_REFUSALS) },
    examples: sharedExamples([...failures, ...HTTP_REFUSALS]),
    headers: HEADERS,
  };
}

const HEADERS: ComponentsObject['headers'] = {
  'X-Request-Id': {
    description: 'The id of the request, as sent or made here. It stands in the log and in the audit record.',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
    example: '0b6f5a0e-5f0c-4c55-9d3e-0f4f2f5f7a61',
  },
  'Content-Language': {
    description: 'The language of `msg`.',
    required: true,
    schema: { type: 'string', enum: ['en', 'zh-CN'] },
    example: 'en',
  },
  'Retry-After': {
    description: 'Seconds after which another attempt makes sense.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
    example: 30,
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750).',
    required: true,
    schema: { type: 'string', enum: ['Bearer'] },
    example: 'Bearer',
  },
  Allow: {
    description: 'With 405 only: the methods that the address has.',
    schema: { type: 'string' },
    example: 'GET, POST',
  },
};

const CODE = {
  type: 'integer',
  minimum: 10_000,
  description: 'The stable number of the failure; `GET /codes` lists them all.',
};
const MSG = { type: 'string', description: 'A short sentence for people, in the language of the request.' };
const REQUIRED = ['code', 'data', 'msg'];

const FAILURES: ComponentsObject['schemas'] = {
  Failure: {
    type: 'object',
    description: 'A failed call.',
    properties: { code: CODE, data: { type: 'null' }, msg: MSG },
    required: REQUIRED,
  },
  InvalidRequestFailure: {
    type: 'object',
    description: 'A refused request; `data` names the refused fields, where it is about fields.',
    properties: {
      code: CODE,
      data: { oneOf: [{ $ref: '#/components/schemas/FieldErrors' }, { type: 'null' }] },
      msg: MSG,
    },
    required: REQUIRED,
  },
  RetryLaterFailure: {
    type: 'object',
    description: 'A call that may succeed later.',
    properties: { code: CODE, data: { $ref: '#/components/schemas/RetryAdvice' }, msg: MSG },
    required: REQUIRED,
  },
  FieldErrors: {
    type: 'object',
    properties: {
      errors: {
        type: 'array',
        minItems: 1,
        maxItems: 20,
        items: { $ref: '#/components/schemas/FieldError' },
      },
    },
    required: ['errors'],
  },
  FieldError: {
    type: 'object',
    description: 'One refused field. Its value is never repeated.',
    properties: {
      field: { type: 'string', maxLength: 64, description: 'Empty where it is about the whole body.' },
      rule: { type: 'string', description: 'The rule that refused it, stable.' },
      message: {
        type: 'string',
        description: 'A short sentence for people, in the language of the request.',
      },
    },
    required: ['field', 'rule', 'message'],
  },
  RetryAdvice: {
    type: 'object',
    properties: {
      retry_after: { type: 'integer', minimum: 1, description: 'Seconds to wait, as in `Retry-After`.' },
    },
    required: ['retry_after'],
  },
};

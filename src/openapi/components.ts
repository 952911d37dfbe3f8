import type { ComponentsObject, ReferenceObject, SchemaObject } from '@nestjs/swagger';
import type { DocumentedFailure } from '../platform/http/api-answer.js';
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
  ETag: {
    description:
      'The state of what is answered: for `If-Match` of a change that is based on it, or for `If-None-Match`.',
    schema: { type: 'string' },
    example: '"3"',
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

const FAILURES: ComponentsObject['schemas'] = {
  Failure: envelope('A failed call.', { type: 'null' }),
  InvalidRequestFailure: envelope(
    'A refused request; `data` names the refused fields, where it is about fields.',
    { oneOf: [reference('FieldErrors'), { type: 'null' }] },
  ),
  RetryLaterFailure: envelope('A call that may succeed later.', reference('RetryAdvice')),
  NotSignedInFailure: envelope(
    'A call without a sign-in; `data` tells how to go on with one that is not done.',
    {
      oneOf: [reference('SignInChallenge'), { type: 'null' }],
    },
  ),
  SignInChallenge: {
    type: 'object',
    properties: {
      challenge: text('For the next step of the sign-in. Opaque.'),
      challenge_expires_at: { type: 'string', format: 'date-time' },
      factors: {
        type: 'array',
        items: { type: 'string', enum: ['totp', 'recovery_code', 'passkey'] },
        description: 'With 11007: what can be shown.',
      },
      passkey: {
        type: 'object',
        additionalProperties: true,
        description:
          'With 11007, where there are passkeys: PublicKeyCredentialRequestOptionsJSON (WebAuthn).',
      },
    },
    required: ['challenge', 'challenge_expires_at'],
  },
  FieldErrors: object({
    errors: { type: 'array', minItems: 1, maxItems: 20, items: reference('FieldError') },
  }),
  FieldError: object(
    {
      field: { type: 'string', maxLength: 64, description: 'Empty where it is about the whole body.' },
      rule: { type: 'string', description: 'The rule that refused it, stable.' },
      message: text('A short sentence for people, in the language of the request.'),
    },
    'One refused field. Its value is never repeated.',
  ),
  RetryAdvice: object({
    retry_after: { type: 'integer', minimum: 1, description: 'Seconds to wait, as in `Retry-After`.' },
  }),
};

function envelope(description: string, data: SchemaObject | ReferenceObject): SchemaObject {
  const code: SchemaObject = {
    type: 'integer',
    minimum: 10_000,
    description: 'The stable number of the failure; `GET /codes` lists them all.',
  };
  const msg = text('A short sentence for people, in the language of the request.');
  return object({ code, data, msg }, description);
}

function object(properties: NonNullable<SchemaObject['properties']>, description?: string): SchemaObject {
  const required = Object.keys(properties);
  return { type: 'object', ...(description && { description }), properties, required };
}

function text(description: string): SchemaObject {
  return { type: 'string', description };
}

function reference(name: string): ReferenceObject {
  return { $ref: `#/components/schemas/${name}` };
}

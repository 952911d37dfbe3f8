import { HttpException } from '@nestjs/common';
import { AppError, type ErrorData } from './app-error.js';
import { PlatformErrors } from './platform-errors.js';
import { translate, type Language } from '../i18n/translator.js';

/** The one shape of every answer. */
export interface Envelope {
  readonly code: number;
  readonly data: unknown;
  readonly msg: string;
}

/** A failed answer, ready to be written by whichever layer met the failure. */
export interface Failure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Envelope;
}

const MAX_FIELD_ERRORS = 20;
const MAX_FIELD_NAME = 64;

/** A successful answer: `data` is `null` where there is nothing to tell. */
export function successEnvelope(data: unknown, language: Language): Envelope {
  return { code: 0, data: data ?? null, msg: translate('ok', language) };
}

/** Translates a failure for the client; nothing but the definition and the client's own field names leaves. */
export function failureFor(error: AppError, language: Language): Failure {
  const { definition, options } = error;
  const headers: Record<string, string> = {};
  const data: { -readonly [K in keyof ErrorData]: ErrorData[K] } = {};
  if (definition.status === 401) headers['www-authenticate'] = 'Bearer';
  if (options.allow) headers['allow'] = options.allow.join(', ');
  if (definition.status === 429 || definition.status === 503) {
    const seconds = Math.max(1, Math.ceil(options.retryAfter ?? 1));
    headers['retry-after'] = String(seconds);
    data.retry_after = seconds;
  }
  if (options.violations?.length) {
    data.errors = options.violations.slice(0, MAX_FIELD_ERRORS).map(({ field, rule, params }) => ({
      field: [...field].slice(0, MAX_FIELD_NAME).join(''),
      rule,
      message: translate(`rule.${rule}`, language, params),
    }));
  }
  return {
    status: definition.status,
    headers,
    body: {
      code: definition.code,
      data: Object.keys(data).length > 0 ? data : null,
      msg: translate(definition.key, language),
    },
  };
}

/** Anything that was thrown, as one of the published failures; what nobody foresaw becomes "internal error". */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof HttpException) return byStatus(thrown.getStatus(), thrown);
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') {
    const known = FRAMEWORK_ERRORS[thrown.code];
    if (known) return known({ cause: thrown, reason: thrown.message });
    if ('statusCode' in thrown && typeof thrown.statusCode === 'number')
      return byStatus(thrown.statusCode, thrown);
  }
  return PlatformErrors.internal({
    cause: thrown,
    reason: thrown instanceof Error ? thrown.message : 'not an error',
  });
}

/** What Fastify, Node's HTTP server and its parser report, by their error codes. */
const FRAMEWORK_ERRORS: Readonly<Record<string, (typeof PlatformErrors)[keyof typeof PlatformErrors]>> = {
  FST_ERR_BAD_URL: PlatformErrors.malformedRequest,
  FST_ERR_MAX_PARAM_LENGTH: PlatformErrors.noSuchRoute,
  FST_ERR_CTP_BODY_TOO_LARGE: PlatformErrors.bodyTooLarge,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: PlatformErrors.unsupportedMediaType,
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: PlatformErrors.unsupportedMediaType,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: PlatformErrors.malformedRequest,
  ECONNRESET: PlatformErrors.malformedRequest,
  HPE_HEADER_OVERFLOW: PlatformErrors.headersTooLong,
  ERR_HTTP_REQUEST_TIMEOUT: PlatformErrors.requestTimeout,
};

function byStatus(status: number, cause: Error): AppError {
  const options = { cause, reason: cause.message };
  switch (status) {
    case 400:
      return PlatformErrors.malformedRequest(options);
    case 404:
    case 414:
      return PlatformErrors.noSuchRoute(options);
    case 408:
      return PlatformErrors.requestTimeout(options);
    case 413:
      return PlatformErrors.bodyTooLarge(options);
    case 415:
      return PlatformErrors.unsupportedMediaType(options);
    default:
      return PlatformErrors.internal(options);
  }
}

import { HttpException } from '@nestjs/common';
import { AppError, errorCatalogue, type AppErrorDetails, type ErrorDefinition } from './app-error.js';
import { PlatformErrors } from './platform-errors.js';
import { translate, type Language, type LocaleKey } from '../i18n/translator.js';

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

/** What the client can act on. */
type FailureData = Partial<NonNullable<AppErrorDetails['challenge']>> & {
  errors?: readonly object[];
  retry_after?: number;
};

const MAX_FIELD_ERRORS = 20;
const MAX_FIELD_NAME = 64;

/** A successful answer: `data` is `null` where there is nothing to tell. */
export function successEnvelope(data: unknown, language: Language): Envelope {
  return { code: 0, data: data ?? null, msg: translate('ok', language) };
}

/** Translates a failure for the client; nothing but the definition and the client's own field names leaves. */
export function failureFor(error: AppError, language: Language): Failure {
  const { definition, details } = error;
  const headers: Record<string, string> = {};
  // Only what the client can act on.
  const data: FailureData = { ...details.challenge };
  if (definition.status === 401) headers['www-authenticate'] = 'Bearer';
  if (details.allow) headers['allow'] = details.allow.join(', ');
  if (definition.status === 429 || definition.status === 503) {
    const seconds = Math.max(1, Math.ceil(details.retryAfter ?? 1));
    headers['retry-after'] = String(seconds);
    data.retry_after = seconds;
  }
  if (details.violations?.length) {
    data.errors = details.violations.slice(0, MAX_FIELD_ERRORS).map(({ field, rule, params }) => ({
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
  if (!(thrown instanceof Error)) return PlatformErrors.internal({ cause: thrown, reason: 'not an error' });
  const details = { cause: thrown, reason: thrown.message };
  const known = 'code' in thrown ? BY_CODE.get(thrown.code) : undefined;
  if (known !== undefined) return known(details);
  if (thrown instanceof HttpException) return new AppError(byStatus(thrown.getStatus()), details);
  if ('statusCode' in thrown) return new AppError(byStatus(thrown.statusCode), details);
  return PlatformErrors.internal(details);
}

/** What Fastify, Node's HTTP server and its parser report without a status, or with another than ours. */
const BY_CODE: ReadonlyMap<unknown, (details: AppErrorDetails) => AppError> = new Map([
  ['FST_ERR_MAX_PARAM_LENGTH', PlatformErrors.noSuchRoute],
  ['ECONNRESET', PlatformErrors.malformedRequest],
  ['HPE_HEADER_OVERFLOW', PlatformErrors.headersTooLong],
  ['ERR_HTTP_REQUEST_TIMEOUT', PlatformErrors.requestTimeout],
]);

/** What a status alone means. */
const BY_STATUS: Readonly<Record<number, LocaleKey>> = {
  400: 'platform.malformedRequest',
  401: 'auth.notSignedIn',
  403: 'access.notPermitted',
  404: 'platform.noSuchRoute',
  405: 'platform.methodNotAllowed',
  408: 'platform.requestTimeout',
  413: 'platform.bodyTooLarge',
  414: 'platform.headersTooLong',
  415: 'platform.unsupportedMediaType',
  417: 'platform.expectationFailed',
  429: 'platform.tooManyRequests',
  431: 'platform.headersTooLong',
  503: 'platform.overloaded',
};

/** The status stays; one without a meaning of its own is published as a request that is not valid, or as our mistake. */
function byStatus(status: unknown): ErrorDefinition {
  if (typeof status !== 'number' || !(status >= 400 && status <= 599)) return INTERNAL;
  // By its key, because modules that this one knows nothing of declare what 401 and 403 mean.
  const known = errorCatalogue().find(({ key }) => key === BY_STATUS[status]);
  return { ...(known ?? (status < 500 ? INVALID_REQUEST : INTERNAL)), status };
}

const INTERNAL = PlatformErrors.internal().definition;
const INVALID_REQUEST = PlatformErrors.invalidRequest().definition;

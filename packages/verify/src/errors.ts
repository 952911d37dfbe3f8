/**
 * Why a request is refused: it brought no token; its token is forged, of others, over or revoked; or its caller lacks
 * a permission. The last two are the error codes of RFC 6750.
 */
export type RefusedReason = 'no_token' | 'invalid_token' | 'insufficient_scope';

/** The caller is at fault: 401, or 403 when a permission is missing. */
export class Refused extends Error {
  readonly reason: RefusedReason;

  constructor(reason: RefusedReason = 'invalid_token', cause?: unknown) {
    super(`refused: ${reason}`, { cause });
    this.name = 'Refused';
    this.reason = reason;
  }
}

/** Nobody can tell at the moment: 503. A 401 would make clients sign people out because Gatehouse is away. */
export class Unavailable extends Error {
  /** Seconds after which another attempt makes sense. */
  readonly retryAfter: number;

  constructor(why: string, cause?: unknown, retryAfter = 2) {
    super(why, { cause });
    this.name = 'Unavailable';
    this.retryAfter = retryAfter;
  }
}

/** Gatehouse understood a call and declined it. `code` is a number of its error catalogue. */
export class CallFailed extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, msg: string) {
    super(`Gatehouse answered ${status}, code ${code}: ${msg}`);
    this.name = 'CallFailed';
    this.status = status;
    this.code = code;
  }
}

import { Injectable } from '@nestjs/common';

/**
 * An instant: whole milliseconds since 1970-01-01T00:00:00Z. Everything inside Gatehouse, database columns
 * included, keeps time as such a number, so that no time zone can change it; text exists only in answers.
 */
export type Instant = number;

/** A span of time in milliseconds. */
export type Duration = number;

export const SECOND: Duration = 1_000;
export const MINUTE: Duration = 60 * SECOND;
export const HOUR: Duration = 60 * MINUTE;
export const DAY: Duration = 24 * HOUR;

/** The one source of "now"; tests replace it with a clock that moves on request. */
@Injectable()
export class Clock {
  now(): Instant {
    return Date.now();
  }
}

/** RFC 3339 in UTC with milliseconds and `Z`, the form of every time in an answer. */
export function toTimestamp(instant: Instant): string {
  return new Date(instant).toISOString();
}

import { isIP, isIPv4 } from 'node:net';
import type { CountryCode } from 'libphonenumber-js/max';
import { isSupportedCountry } from '../platform/phone-numbers.js';
import { z } from 'zod';

/**
 * What a setting's text becomes. The description of each schema says what is taken, as the end of "must be …"; errors
 * and the documentation both print it. No message quotes the value.
 */
export type Kind<T> = z.ZodType<T, string>;

/** Ends the reading of a value: a sentence that continues after the setting's name. */
type Refuse = (sentence?: string) => never;

/** @param read turns the text into the value, or answers what `refuse` gives */
export function kind<T>(accepts: string, read: (text: string, refuse: Refuse) => T): Kind<T> {
  const schema = z.string().transform((given, context) =>
    read(given, (sentence = `must be ${accepts}`) => {
      context.addIssue(sentence);
      return z.NEVER;
    }),
  );
  return schema.describe(accepts);
}

/** Text that is taken exactly as it is. A secret is never trimmed, folded or judged here. */
export function text(accepts = 'any text', isTaken: (text: string) => boolean = () => true): Kind<string> {
  return z.string().refine(isTaken, `must be ${accepts}`).describe(accepts);
}

export function line(maxLength: number): Kind<string> {
  return text(
    `1 to ${maxLength} characters on one line`,
    (given) => given.length <= maxLength && !/\p{Cc}/u.test(given),
  );
}

/** Text without blanks, for names that other programs compare byte by byte. */
export function word(maxLength: number): Kind<string> {
  return text(
    `1 to ${maxLength} characters without blanks`,
    (given) => given.length <= maxLength && !/[\s\p{Cc}]/u.test(given),
  );
}

export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  const accepts = `one of ${choices.join(', ')}`;
  return kind(accepts, (given, refuse) => choices.find((choice) => choice === given) ?? refuse());
}

export function boolean(): Kind<boolean> {
  return kind('true or false', (given, refuse) =>
    given === 'true' ? true : given === 'false' ? false : refuse(),
  );
}

/** Plain decimal digits only: `Number()` would also take 0x10, 1e3, blanks and the empty string. */
const DECIMAL = /^(?:0|[1-9][0-9]*)$/;

function decimal(given: string, min: number, max: number): number | undefined {
  const value = DECIMAL.test(given) ? Number(given) : NaN;
  return value >= min && value <= max ? value : undefined;
}

export function integer(min: number, max: number): Kind<number> {
  return kind(
    `a whole number from ${min} to ${max}`,
    (given, refuse) => decimal(given, min, max) ?? refuse(),
  );
}

export function port(min = 0): Kind<number> {
  return kind(`a port from ${min} to 65535`, (given, refuse) => {
    // A Kubernetes Service called "database" puts DATABASE_PORT=tcp://… into every pod beside it.
    if (given.startsWith('tcp://')) {
      return refuse(
        'was set by Kubernetes for a Service of that name: set enableServiceLinks: false on the pod',
      );
    }
    return decimal(given, min, 65_535) ?? refuse();
  });
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(given: string): number {
  const [, digits = '', unit = ''] = /^(0|[1-9][0-9]*)(ms|s|m|h|d)$/.exec(given) ?? [];
  return digits === '' ? NaN : Number(digits) * (UNITS[unit] ?? NaN);
}

/** A span of time with its unit, such as `15m`, in milliseconds. */
export function duration(min: string, max: string): Kind<number> {
  const accepts = `a duration from ${min} to ${max}`;
  return kind(accepts, (given, refuse) => {
    if (DECIMAL.test(given)) {
      return refuse('has no unit: write a number and ms, s, m, h or d, such as 500ms, 10s, 15m, 12h or 30d');
    }
    const value = milliseconds(given);
    return value >= milliseconds(min) && value <= milliseconds(max)
      ? value
      : refuse(`must be ${accepts}: a whole number and ms, s, m, h or d, such as 15m`);
  });
}

export function country(): Kind<CountryCode> {
  return kind('an ISO 3166 country code such as CN', (given, refuse) =>
    // Two letters first: the library looks its countries up in a plain object, where "constructor" exists too.
    /^[A-Z]{2}$/.test(given) && isSupportedCountry(given) ? given : refuse(),
  );
}

/** An IPv6 zone (`fe80::1%eth0`) names an interface of one machine, so it is no address to configure. */
export function isAddress(given: string): boolean {
  return isIP(given) !== 0 && !given.includes('%');
}

/** Underscores are no part of a host name, but container networks hand them out. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;

export function isHost(given: string): boolean {
  // A last label of digits alone is a mistyped IPv4 address (127.0.0.256), not a name to look up.
  return isAddress(given) || (HOST_NAME.test(given) && !/(?:^|\.)[0-9]+\.?$/.test(given));
}

export function host(): Kind<string> {
  return text('an IP address or a host name, without brackets and port', isHost);
}

/** True when traffic to this host never leaves the machine. */
export function isLoopback(given: string): boolean {
  return given === 'localhost' || given === '::1' || (isIPv4(given) && given.startsWith('127.'));
}

/** A comma-separated list; blanks around an entry are dropped, empty entries are not entries. */
export function entries(given: string): string[] {
  return given
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

import { createRequire } from 'node:module';
import { isIP, isIPv4 } from 'node:net';
import type * as PhoneNumbers from 'libphonenumber-js/max';
import { z } from 'zod';

/** As class-validator loads it: see `platform/phone-numbers.ts`, which stands beside this folder and not below it. */
const { getCountries }: typeof PhoneNumbers = createRequire(import.meta.url)('libphonenumber-js/max');

/*
 * What a setting's text becomes. The description of each schema says what is taken, as the end of "must be …": the
 * documentation prints it, and so does a message unless the schema has a sentence of its own. None quotes the value.
 */

/** Text that is taken exactly as it is. A secret is never trimmed, folded or judged here. */
export function text(accepts = 'any text') {
  return z.string().describe(accepts);
}

export function line(maxLength: number) {
  const accepts = `1 to ${maxLength} characters on one line`;
  return z
    .string()
    .max(maxLength)
    .regex(/^\P{Cc}+$/u)
    .describe(accepts);
}

/** Text without blanks, for names that other programs compare byte by byte. */
export function word(maxLength: number) {
  const accepts = `1 to ${maxLength} characters without blanks`;
  return z
    .string()
    .max(maxLength)
    .regex(/^[^\s\p{Cc}]+$/u)
    .describe(accepts);
}

export function oneOf<const T extends readonly string[]>(...choices: T) {
  return z.enum(choices).describe(`one of ${choices.join(', ')}`);
}

export function boolean() {
  return z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'sensitive' }).describe('true or false');
}

export function integer(min: number, max: number) {
  // Plain decimal digits only: `Number()` would also take 0x10, 1e3, blanks and the empty string.
  const decimal = z
    .string()
    .regex(/^(?:0|[1-9][0-9]*)$/)
    .transform(Number);
  return decimal.pipe(z.number().min(min).max(max)).describe(`a whole number from ${min} to ${max}`);
}

export function port(min = 0) {
  const byKubernetes =
    'was set by Kubernetes for a Service of that name: set enableServiceLinks: false on the pod';
  // A Kubernetes Service called "database" puts DATABASE_PORT=tcp://… into every pod beside it.
  const own = z.string().refine((given) => !given.startsWith('tcp://'), byKubernetes);
  return own.pipe(integer(min, 65_535)).describe(`a port from ${min} to 65535`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time with its unit, such as `15m`, in milliseconds. */
export function duration(min: string, max: string) {
  const accepts = `a duration from ${min} to ${max}`;
  return z
    .string()
    .regex(/\D/, 'has no unit: write a number and ms, s, m, h or d, such as 500ms, 10s, 15m, 12h or 30d')
    .transform(milliseconds)
    .refine(
      (span) => span >= milliseconds(min) && span <= milliseconds(max),
      `must be ${accepts}: a whole number and ms, s, m, h or d, such as 15m`,
    )
    .describe(accepts);
}

function milliseconds(given: string): number {
  const [, digits = '', unit = ''] = /^(0|[1-9][0-9]*)(ms|s|m|h|d)$/.exec(given) ?? [];
  return Number(digits) * (UNITS[unit] ?? NaN);
}

export function country() {
  return z.enum(getCountries()).describe('an ISO 3166 country code such as CN');
}

/** A comma-separated list of one entry or more; blanks around an entry, empty entries and repetitions do not count. */
export function list(isEntry: (entry: string) => boolean) {
  return z
    .string()
    .transform((given) => [...new Set(given.split(',').map((entry) => entry.trim()))].filter(Boolean))
    .refine((entries) => entries.length > 0 && entries.every(isEntry));
}

/** An IPv6 zone (`fe80::1%eth0`) names an interface of one machine, so it is no address to configure. */
export function isAddress(given: string): boolean {
  return isIP(given) !== 0 && !given.includes('%');
}

/** Underscores are no part of a host name, but container networks hand them out. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;

export function host() {
  return (
    z
      .string()
      // A last label of digits alone is a mistyped IPv4 address (127.0.0.256), not a name to look up.
      .refine((given) => isAddress(given) || (HOST_NAME.test(given) && !/(?:^|\.)[0-9]+\.?$/.test(given)))
      .describe('an IP address or a host name, without brackets and port')
  );
}

/** True when traffic to this host never leaves the machine. */
export function isLoopback(given: string): boolean {
  return given === 'localhost' || given === '::1' || (isIPv4(given) && given.startsWith('127.'));
}

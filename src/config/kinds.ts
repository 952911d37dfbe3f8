import { isIP, isIPv4 } from 'node:net';
import { isSupportedCountry, type CountryCode } from 'libphonenumber-js';

/** What a setting's text becomes. The text always comes from outside, so every kind says what it takes. */
export interface Kind<T> {
  /** What is taken, as the end of "must be …"; errors and the documentation both print it. */
  readonly accepts: string;
  /** @throws Refusal */
  readonly read: (text: string) => T;
}

/** Why a text is refused: a sentence that continues after the setting's name and never quotes the value. */
export class Refusal extends Error {}

/** Ends the reading of a value. */
export type Refuse = (sentence?: string) => never;

/** @param read turns the text into the value, or calls `refuse` */
export function kind<T>(accepts: string, read: (text: string, refuse: Refuse) => T): Kind<T> {
  const refuse: Refuse = (sentence = `must be ${accepts}`) => {
    throw new Refusal(sentence);
  };
  return { accepts, read: (text) => read(text, refuse) };
}

/** Plain decimal digits only: `Number()` would also take 0x10, 1e3, blanks and the empty string. */
const DECIMAL = /^(?:0|[1-9][0-9]*)$/;

export function integer(min: number, max: number): Kind<number> {
  return kind(`a whole number from ${min} to ${max}`, (text, refuse) => {
    const value = DECIMAL.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : refuse();
  });
}

export function port(min = 0): Kind<number> {
  return kind(`a port from ${min} to 65535`, (text, refuse) => {
    // A Kubernetes Service called "database" puts DATABASE_PORT=tcp://… into every pod beside it.
    if (text.startsWith('tcp://')) {
      return refuse(
        'was set by Kubernetes for a Service of that name: set enableServiceLinks: false on the pod',
      );
    }
    const value = DECIMAL.test(text) ? Number(text) : NaN;
    return value >= min && value <= 65_535 ? value : refuse();
  });
}

const UNITS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

function milliseconds(text: string): number {
  const [, digits = '', unit = ''] = /^(0|[1-9][0-9]*)(ms|s|m|h|d)$/.exec(text) ?? [];
  return digits === '' ? NaN : Number(digits) * (UNITS.get(unit) ?? NaN);
}

/** A span of time with its unit, such as `15m`, in milliseconds. */
export function duration(min: string, max: string): Kind<number> {
  const least = milliseconds(min);
  const most = milliseconds(max);
  return kind(`a duration from ${min} to ${max}`, (text, refuse) => {
    if (DECIMAL.test(text)) {
      return refuse('has no unit: write a number and ms, s, m, h or d, such as 500ms, 10s, 15m, 12h or 30d');
    }
    const value = milliseconds(text);
    return value >= least && value <= most
      ? value
      : refuse(`must be a duration from ${min} to ${max}: a whole number and ms, s, m, h or d, such as 15m`);
  });
}

export function boolean(): Kind<boolean> {
  return kind('true or false', (text, refuse) =>
    text === 'true' ? true : text === 'false' ? false : refuse(),
  );
}

export function oneOf<const T extends readonly string[]>(...choices: T): Kind<T[number]> {
  return kind(`one of ${choices.join(', ')}`, (text, refuse) => choices.find((c) => c === text) ?? refuse());
}

/** Text on one line, taken exactly as it is. */
export function line(maxLength: number): Kind<string> {
  return kind(`1 to ${maxLength} characters on one line`, (text, refuse) =>
    text.length <= maxLength && !/\p{Cc}/u.test(text) ? text : refuse(),
  );
}

/** Text without blanks, for names that other programs compare byte by byte. */
export function word(maxLength: number): Kind<string> {
  return kind(`1 to ${maxLength} characters without blanks`, (text, refuse) =>
    text.length <= maxLength && !/[\s\p{Cc}]/u.test(text) ? text : refuse(),
  );
}

/** Any text: a secret is never trimmed, folded or judged here. */
export function anyText(): Kind<string> {
  return kind('any text', (text) => text);
}

export function pattern(accepts: string, expression: RegExp): Kind<string> {
  return kind(accepts, (text, refuse) => (expression.test(text) ? text : refuse()));
}

export function country(): Kind<CountryCode> {
  return kind('an ISO 3166 country code such as CN', (text, refuse) =>
    // Two letters first: the library looks its countries up in a plain object, where "constructor" exists too.
    /^[A-Z]{2}$/.test(text) && isSupportedCountry(text) ? text : refuse(),
  );
}

/** An IPv6 zone (`fe80::1%eth0`) names an interface of one machine, so it is no address to configure. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** Underscores are no part of a host name, but container networks hand them out. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;

export function isHost(text: string): boolean {
  // A last label of digits alone is a mistyped IPv4 address (127.0.0.256), not a name to look up.
  return isAddress(text) || (HOST_NAME.test(text) && !/(?:^|\.)[0-9]+\.?$/.test(text));
}

export function host(): Kind<string> {
  return kind('an IP address or a host name, without brackets and port', (text, refuse) =>
    isHost(text) ? text : refuse(),
  );
}

/** True when traffic to this host never leaves the machine. */
export function isLoopback(text: string): boolean {
  return text === 'localhost' || text === '::1' || (isIPv4(text) && text.startsWith('127.'));
}

/** A comma-separated list; blanks around an entry are dropped, empty entries are not entries. */
export function entries(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** Origins exactly as browsers send them, so that comparing is string equality. */
export function origins(): Kind<readonly string[]> {
  return kind('a comma-separated list of origins such as https://app.example.com', (text, refuse) => {
    const list = entries(text);
    if (list.includes('*')) return refuse('must name each origin: * would let any web page call the API');
    return list.length > 0 && list.every(isOrigin) ? [...new Set(list)] : refuse();
  });
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text && !text.includes('*')
  );
}

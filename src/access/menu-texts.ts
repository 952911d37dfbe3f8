import { isPlainObject } from '../platform/plain-object.js';

// Control characters, and what makes text read as something that it is not (UAX #9).
const UNSEEN = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const SCHEME = /^\s*[a-z][a-z0-9+.-]*:/i;
const SCRIPT_SCHEME = /^\s*(?:javascript|data|vbscript|file|blob):/i;
/** `mdi:home`: how Iconify names the icon of a collection. */
const ICON_OF_COLLECTION =
  /^(?!(?:javascript|data|vbscript|file|blob|https?):)[a-z0-9]+(?:-[a-z0-9]+)*:[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Characters that nobody sees; names and titles need some of them, addresses none. */
const INVISIBLE = /\p{Cf}/u;
/** A front end that merges objects would change what all of them inherit. */
const MEMBERS_OF_ALL = ['__proto__', 'constructor', 'prototype'];

/** A path of the front end, a component or an icon: it leads to no other site, and is no script. */
export function staysInside(text: string): boolean {
  return (
    !UNSEEN.test(text) &&
    !INVISIBLE.test(text) &&
    !SCHEME.test(text) &&
    !text.includes('//') &&
    !text.includes('\\')
  );
}

export function isIcon(text: string): boolean {
  return staysInside(text) || ICON_OF_COLLECTION.test(text);
}

/** Text that is shown, and that some front end might take for an address. */
export function isHarmless(text: string): boolean {
  return !UNSEEN.test(text) && !SCRIPT_SCHEME.test(text) && !/^\s*(?:[/\\]{2}|\\)/.test(text);
}

/** An address of the web; empty: none. */
export function isWebAddress(text: string): boolean {
  if (text === '') return true;
  if (UNSEEN.test(text) || INVISIBLE.test(text) || /[\s\\]/u.test(text)) return false;
  // No user name before the host: it would look like one.
  if (!/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}

/** Whether every text in a JSON value is harmless, names of members included, and every number one that JSON can tell. */
export function holdsNoScript(value: unknown): boolean {
  if (typeof value === 'string') return isHarmless(value);
  if (Array.isArray(value)) return value.every(holdsNoScript);
  if (typeof value === 'number') return Number.isFinite(value);
  if (!isPlainObject(value)) return true;
  return Object.entries(value).every(
    ([name, member]) => !MEMBERS_OF_ALL.includes(name) && isHarmless(name) && holdsNoScript(member),
  );
}

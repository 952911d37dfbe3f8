import { isPlainObject } from '../platform/plain-object.js';

// Control characters, and what makes text read as something that it is not (UAX #9).
const UNSEEN = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const SCHEME = /^\s*[a-z][a-z0-9+.-]*:/i;
const SCRIPT_SCHEME = /^\s*(?:javascript|data|vbscript|file|blob):/i;
/** `mdi:home`: how Iconify names the icon of a collection. */
const ICON_OF_COLLECTION =
  /^(?!(?:javascript|data|vbscript|file|blob|https?):)[a-z0-9]+(?:-[a-z0-9]+)*:[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** A path of the front end, a component or an icon: it leads to no other site, and is no script. */
export function staysInside(text: string): boolean {
  return !UNSEEN.test(text) && !SCHEME.test(text) && !text.includes('//') && !text.includes('\\');
}

export function isIcon(text: string): boolean {
  return staysInside(text) || ICON_OF_COLLECTION.test(text);
}

/** Text that is shown, and that some front end might take for an address. */
export function isHarmless(text: string): boolean {
  return !UNSEEN.test(text) && !SCRIPT_SCHEME.test(text) && !/^\s*(?:\/\/|\\)/.test(text);
}

/** An address of the web; empty: none. */
export function isWebAddress(text: string): boolean {
  if (text === '') return true;
  if (UNSEEN.test(text) || /[\s\\]/u.test(text) || !/^https?:\/\/[^/]/i.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '';
}

/** Whether every text in a JSON value is harmless, names of members included. */
export function holdsNoScript(value: unknown): boolean {
  if (typeof value === 'string') return isHarmless(value);
  if (Array.isArray(value)) return value.every(holdsNoScript);
  return !isPlainObject(value) || Object.entries(value).flat().every(holdsNoScript);
}

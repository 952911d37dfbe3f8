import { en, type LocaleKey } from './locales/en.js';
import { zhCN } from './locales/zh-cn.js';

export type Language = 'en' | 'zh-CN';
export type { LocaleKey };

const locales: Record<Language, Record<LocaleKey, string>> = { en, 'zh-CN': zhCN };

export const LANGUAGES = Object.keys(locales) as readonly Language[];

/**
 * The text for a key in a language, with `{name}` replaced by the parameter of that name.
 * Keys reach here from error definitions as plain strings; a test proves that every one has a text.
 */
export function translate(
  key: string,
  language: Language,
  params?: Readonly<Record<string, string | number>>,
): string {
  const text: string | undefined = (locales[language] as Record<string, string>)[key];
  if (text === undefined) return key;
  if (params === undefined) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

const WEIGHT = /;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/i;

/**
 * The language for an `Accept-Language` header (RFC 9110, section 12.5.4): the supported one with the highest
 * weight, the first one named among equals; `fallback` where none is acceptable.
 */
export function negotiateLanguage(header: string | undefined, fallback: Language): Language {
  if (header === undefined) return fallback;
  let best = fallback;
  let bestWeight = 0;
  for (const part of header.slice(0, 512).split(',')) {
    const [range = ''] = part.split(';', 1);
    const language = supported(range.trim().toLowerCase(), fallback);
    const weight = Number(WEIGHT.exec(part)?.[1] ?? 1);
    if (language !== undefined && weight > bestWeight) {
      best = language;
      bestWeight = weight;
    }
  }
  return best;
}

/** Readers of Chinese in any script or region (`zh-TW`, `zh-Hant-HK`) read zh-CN more easily than English. */
function supported(range: string, fallback: Language): Language | undefined {
  if (range === '*') return fallback;
  if (range === 'en' || range.startsWith('en-')) return 'en';
  if (range === 'zh' || range.startsWith('zh-')) return 'zh-CN';
  return undefined;
}

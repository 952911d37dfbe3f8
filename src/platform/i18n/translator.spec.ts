import { describe, expect, it } from 'vitest';
import { negotiateLanguage } from './translator.js';

describe('negotiateLanguage', () => {
  it.each(['fr', '*', 'fr, *;q=0.5', 'zh;q=0'])(
    'falls back by %j to what the caller asks for, each time',
    (header) => {
      expect(negotiateLanguage(header, 'en')).toBe('en');
      expect(negotiateLanguage(header, 'zh-CN')).toBe('zh-CN');
      expect(negotiateLanguage(header, 'en')).toBe('en');
    },
  );

  it.each([
    'zh-TW',
    'zh-HK',
    'zh-Hant',
    'zh-Hant-TW',
    'ZH-tw',
    'zh-TW, en;q=0.8',
    'yue, zh-HK;q=0.9, en;q=0.5',
  ])('answers %j, which is Chinese, in the Chinese that there is', (header) =>
    expect(negotiateLanguage(header, 'en')).toBe('zh-CN'),
  );

  it.each(['zh-TW;q=0.5, en', 'zhx', 'en-GB, zh-TW'])('answers %j in English', (header) =>
    expect(negotiateLanguage(header, 'zh-CN')).toBe(header === 'zhx' ? 'zh-CN' : 'en'),
  );
});

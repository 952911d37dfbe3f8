import { describe, expect, it } from 'vitest';
import { en } from '../platform/i18n/locales/en.js';
import { LANGUAGES, type Language } from '../platform/i18n/translator.js';
import { renderMail } from './mail-layout.js';
import { MAIL_TEMPLATES, testMail, UnknownTemplate, type MailSettings } from './mail-templates.js';
import type { MessageParams, MessageSecret, Template } from './message.js';

const TOKEN = `ghc_${'aZ9-_'.repeat(13)}`.slice(0, 68);
const LINK = 'https://app.example.com/account#{purpose}={code}';
const NOTICES = Object.keys(en)
  .map((key) => /^mail\.notice\.(\w+)\.subject$/.exec(key)?.[1])
  .filter((kind) => kind !== undefined);

interface Given {
  readonly params?: MessageParams;
  readonly secret?: MessageSecret;
  readonly settings?: Partial<MailSettings>;
}

function render(template: Template, language: Language, { params = {}, secret = {}, settings }: Given = {}) {
  const all = { productName: 'Gatehouse', ...settings };
  return renderMail(
    MAIL_TEMPLATES[template]({ language, params, secret, settings: all }),
    language,
    all.productName,
  );
}

/** What a reader of the HTML sees. */
function wordsOf(html: string): string {
  const body = html.slice(html.indexOf('<body'));
  const text = body.replace(/<[^>]+>/g, ' ');
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };
  return text.replace(/&(\w+|#39);/g, (_, name: string) => entities[name] ?? '');
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

const CODES = ['signup_code', 'password_code', 'email_code', 'invitation'] as const;
const ALL: ReadonlyArray<readonly [Template, MessageParams]> = [
  ...CODES.map((code) => [code, { username: 'ada', minutes: 10 }] as const),
  ['account_exists', {}],
  ['email_taken', {}],
  ...NOTICES.map(
    (kind) =>
      ['notice', { kind, username: 'ada', at: Date.UTC(2026, 10, 25, 8, 5), address: '192.0.2.7' }] as const,
  ),
];

describe.each(LANGUAGES)('mails in %s', (language) => {
  it.each(ALL)('%s %j say the same as text and as HTML, and leave no gap open', (template, params) => {
    const settings = { link: LINK, supportContact: 'help@example.com <&>' };
    const { subject, text, html } = render(template, language, {
      params,
      secret: { code: '048213', token: TOKEN },
      settings,
    });
    expect(words(wordsOf(html))).toEqual(words(text));
    for (const one of [subject, text]) expect(one).not.toMatch(/[{}]|undefined|mail\.\w/);
    expect(text).toContain('help@example.com <&>');
    expect(subject).not.toMatch(/048213|ghc_/);
    expect(html).not.toMatch(/<(?:img|script|style|link|iframe)|url\(|src=|http:/);
    expect(html).toContain(`lang="${language}"`);
    expect(text.split('\n').every((line) => line.length < 500)).toBe(true);
  });

  it.each(NOTICES)('a notice of %s tells who, when and from where', (kind) => {
    const params = {
      kind,
      username: 'ada',
      at: Date.UTC(2026, 10, 25, 8, 5),
      address: '2001:db8::1',
      device: 'Chrome on Windows',
      left: 7,
    };
    const { text } = render('notice', language, { params });
    for (const fact of ['ada', '2026-11-25 08:05', 'UTC', '2001:db8::1', 'Chrome on Windows', '7'])
      expect(text).toContain(fact);
  });

  it('tell how long a code lasts', () => {
    const lasting = (minutes: number) => render('signup_code', language, { params: { minutes } }).text;
    const expected = {
      en: ['10 minutes', '1 hour', '24 hours', '7 days'],
      'zh-CN': ['10 分钟', '1 小时', '1 天', '7 天'],
    };
    const [ten, hour] = expected[language];
    expect(lasting(10)).toContain(ten);
    expect(lasting(60)).toContain(hour);
    expect(lasting(7 * 1440)).toContain(expected[language][3]);
  });

  it('a test mail says so', () => {
    const settings = { productName: 'Shop' };
    expect(renderMail(testMail({ language, settings }), language, 'Shop').text).toContain('Shop');
  });
});

describe('a link', () => {
  const settings = { link: LINK };
  const secret = { code: '048213', token: TOKEN };

  it.each([
    ['password_code', `https://app.example.com/account#password=${TOKEN}`],
    ['invitation', `https://app.example.com/account#invitation=${TOKEN}`],
    ['signup_code', 'https://app.example.com/account#signup=048213'],
    ['email_code', 'https://app.example.com/account#email=048213'],
  ] as const)('of %s holds the purpose and what proves it', (template, expected) => {
    const { text, html } = render(template, 'en', { secret, settings });
    expect(text.split('\n')).toContain(expected);
    expect(html).toContain(`<a href="${expected}"`);
  });

  it('is alone where there are no digits', () => {
    const { text } = render('invitation', 'en', { secret: { token: TOKEN }, settings });
    expect(text.split(TOKEN)).toHaveLength(2);
    expect(text).toContain('One step is left');
  });

  it('is missing without MAIL_LINK, and the digits or the token stand alone on a line', () => {
    const lines = (given: MessageSecret) =>
      render('password_code', 'en', { secret: given })
        .text.split('\n')
        .map((line) => line.trim());
    expect(lines(secret)).toContain('048213');
    expect(lines({ token: TOKEN })).toContain(TOKEN);
    expect(lines(secret).join()).not.toContain('http');
  });
});

describe('text of a stranger', () => {
  const EVIL = [
    'https://evil.example/',
    '<b>canary</b>',
    'canary\r\nBcc: x@evil.example',
    'Mozilla/5.0 (canary)',
  ];

  it.each(EVIL)('%j gets into no mail', (evil) => {
    for (const [template, params] of ALL) {
      const given = {
        ...params,
        username: evil,
        address: evil,
        device: evil,
        at: evil,
        left: evil,
        minutes: evil,
        full_name: evil,
      };
      const { subject, text, html } = render(template, 'en', { params: given });
      for (const part of [subject, text, html]) expect(part).not.toMatch(/evil|canary|Mozilla/);
    }
  });

  it('is no kind of notice', () => {
    for (const kind of ['toString', '__proto__', 'constructor', 'https://evil.example', 7])
      expect(() => render('notice', 'en', { params: { kind } })).toThrow(UnknownTemplate);
  });
});

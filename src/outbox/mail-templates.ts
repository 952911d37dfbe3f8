import { isIP } from 'node:net';
import { translate, type Language, type LocaleKey } from '../platform/i18n/translator.js';
import { toTimestamp } from '../platform/time/clock.js';
import type { CodeTemplate, MessageParams, MessageSecret, NoticeKind, Template } from './message.js';

/** What is known of a mail before it has a layout. */
export interface MailContent {
  /** Never with a code: lock screens show it. */
  readonly subject: string;
  /** One paragraph each. */
  readonly before: readonly string[];
  readonly code?: string | undefined;
  readonly link?: { readonly label: string; readonly address: string } | undefined;
  readonly after: readonly string[];
}

/** What an operator has set for all mails. */
export interface MailSettings {
  readonly productName: string;
  readonly link?: string | undefined;
  readonly supportContact?: string | undefined;
}

export interface MailInput {
  readonly language: Language;
  readonly params: MessageParams;
  readonly secret: MessageSecret;
  readonly settings: MailSettings;
}

/** What `{purpose}` in MAIL_LINK becomes. */
const PURPOSES: Readonly<Record<CodeTemplate, string>> = {
  signup_code: 'signup',
  password_code: 'password',
  email_code: 'email',
  invitation: 'invitation',
};

const USERNAME = /^[a-z][a-z0-9._-]{2,31}$/;
/** A name out of our own list, such as "Chrome on Windows"; a raw user agent has slashes. */
const DEVICE = /^[A-Za-z0-9 ]{1,40}$/;

const NOTICE_KINDS: Readonly<Record<NoticeKind, LocaleKey>> = {
  new_sign_in: 'mail.notice.secure',
  password_changed: 'mail.notice.secure',
  password_reset: 'mail.notice.secure',
  email_changed: 'mail.notice.tell',
  factor_added: 'mail.notice.secure',
  factor_removed: 'mail.notice.secure',
  factors_reset: 'mail.notice.tell',
  recovery_code_used: 'mail.notice.secure',
  recovery_codes_replaced: 'mail.notice.secure',
  passkey_counter_fell: 'mail.notice.passkey_counter_fell.otherwise',
  factor_guessed: 'mail.notice.factor_guessed.otherwise',
  account_deleted: 'mail.notice.tell',
};

/** The texts of a mail. What stands in `params` is looked at again here, so that nobody else's words get into one. */
export const MAIL_TEMPLATES: Readonly<Record<Template, (input: MailInput) => MailContent>> = {
  signup_code: (input) => codeMail('signup_code', input),
  email_code: (input) => codeMail('email_code', input),
  password_code: (input) => codeMail('password_code', input),
  invitation: (input) => codeMail('invitation', input),
  account_exists: (input) => plainMail('account_exists', input),
  email_taken: (input) => plainMail('email_taken', input),
  notice,
};

/** What `mail test` sends. */
export function testMail({ language, settings }: Pick<MailInput, 'language' | 'settings'>): MailContent {
  const say = speaker(language, settings);
  return { subject: say('mail.test.subject'), before: [say('mail.test.text')], after: footer(say, settings) };
}

function codeMail(template: CodeTemplate, { language, params, secret, settings }: MailInput): MailContent {
  const say = speaker(language, settings);
  const isLinkAlone = template === 'password_code' || template === 'invitation';
  // Where a link is, the token stands in it; digits can be typed on another device.
  const target = isLinkAlone ? secret.token : secret.code;
  const address = settings.link && target && linkTo(settings.link, PURPOSES[template], target);
  const code = secret.code ?? (address ? undefined : secret.token);
  const textOfLink = isLinkAlone && code === undefined ? (`mail.${template}.textLink` as const) : undefined;
  return {
    subject: say(`mail.${template}.subject`),
    before: [...greeting(say, params), say(textOfLink ?? `mail.${template}.text`)],
    code,
    link: address ? { label: say(code === undefined ? 'mail.onlyLink' : 'mail.link'), address } : undefined,
    after: [...lasting(say, params), say(`mail.${template}.otherwise`), ...footer(say, settings)],
  };
}

function plainMail(template: 'account_exists' | 'email_taken', input: MailInput): MailContent {
  const { language, params, settings } = input;
  const say = speaker(language, settings);
  return {
    subject: say(`mail.${template}.subject`),
    before: [...greeting(say, params), say(`mail.${template}.text`)],
    after: [say(`mail.${template}.otherwise`), ...footer(say, settings)],
  };
}

function notice({ language, params, settings }: MailInput): MailContent {
  const say = speaker(language, settings);
  const { kind } = params;
  if (!isNoticeKind(kind)) throw new UnknownTemplate();
  const { username, at, address, device, left } = params;
  const facts = [
    isText(username, USERNAME) && say('mail.notice.username', { username }),
    typeof at === 'number' && say('mail.notice.at', { time: toTimestamp(at).slice(0, 16).replace('T', ' ') }),
    typeof address === 'string' && isIP(address) !== 0 && say('mail.notice.address', { address }),
    isText(device, DEVICE) && say('mail.notice.device', { device }),
    typeof left === 'number' && say('mail.notice.left', { left }),
  ].filter((fact) => fact !== false);
  return {
    subject: say(`mail.notice.${kind}.subject`),
    before: [say(`mail.notice.${kind}.text`), facts.join('\n')].filter(Boolean),
    after: [say(NOTICE_KINDS[kind]), ...footer(say, settings)],
  };
}

/** A row of a newer build, while replicas of two are running: theirs will send it. */
export class UnknownTemplate extends Error {
  override readonly name = 'UnknownTemplate';
}

type Speaker = (key: LocaleKey, params?: MessageParams) => string;

function speaker(language: Language, { productName }: MailSettings): Speaker {
  return (key, params) => translate(key, language, { product: productName, ...params });
}

function greeting(say: Speaker, { username }: MessageParams): string[] {
  return isText(username, USERNAME) ? [say('mail.greeting', { username })] : [];
}

function lasting(say: Speaker, { minutes }: MessageParams): string[] {
  if (typeof minutes !== 'number') return [];
  return [say('mail.lasting', { duration: durationText(say, minutes) })];
}

function durationText(say: Speaker, minutes: number): string {
  const [one, many, unit] =
    minutes % 1440 === 0
      ? (['mail.oneDay', 'mail.days', 1440] as const)
      : minutes % 60 === 0
        ? (['mail.oneHour', 'mail.hours', 60] as const)
        : (['mail.oneMinute', 'mail.minutes', 1] as const);
  return minutes === unit ? say(one) : say(many, { n: minutes / unit });
}

function footer(say: Speaker, { supportContact }: MailSettings): string[] {
  const help = supportContact === undefined ? [] : [say('mail.help', { contact: supportContact })];
  return [...help, say('mail.automatic')];
}

function linkTo(link: string, purpose: string, code: string): string {
  return link.replaceAll('{purpose}', purpose).replaceAll('{code}', code);
}

function isNoticeKind(kind: unknown): kind is NoticeKind {
  return typeof kind === 'string' && Object.hasOwn(NOTICE_KINDS, kind);
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

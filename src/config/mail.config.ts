import { join } from 'node:path';
import type { ConfigType } from '@nestjs/config';
import { z } from 'zod';
import { certificates } from './certificates.js';
import type { Environment } from './environment.js';
import { duration, host, isLoopback, line, oneOf, port, text } from './kinds.js';
import { serviceConfig } from './service.config.js';
import { optional, setting, slice } from './slice.js';

/** Who a mail is from. */
export interface Sender {
  readonly name: string;
  readonly address: string;
}

const ADDRESS = /[^\s"(),:;<>@[\]\\\P{ASCII}]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,190}[a-z0-9])?/iu.source;

/** `Name <address>`, or the address alone. ASCII without blanks, as addresses are read everywhere here. */
const SENDER = new RegExp(
  `^(?:"?(?<name>[^"<>\\p{Cc}]{1,80}?)"? *<(?<named>${ADDRESS})>|(?<address>${ADDRESS}))$`,
  'iu',
);

const settings = {
  host: optional('SMTP_HOST', host(), 'no SMTP: a trial writes mails into `DATA_DIR/mails`', {
    meaning: 'The relay that takes our mail.',
    effect: 'Without it production sends none, and calls that need a mail are refused.',
  }),
  port: setting('SMTP_PORT', port(1), '587', {
    meaning: 'Port of `SMTP_HOST`.',
    effect: 'Usually 587 with `starttls` and 465 with `implicit`.',
  }),
  tls: setting('SMTP_TLS', oneOf('starttls', 'implicit', 'none'), 'starttls', {
    meaning: 'How the way to the relay is encrypted; its certificate and name are always checked.',
    effect:
      'Nothing is sent where it cannot be encrypted. Production takes `none` on the machine itself only.',
  }),
  ca: optional('SMTP_CA', certificates(), "the system's certificate authorities", {
    meaning: 'Certificate authority of the relay.',
    effect: 'For a relay with a certificate of your own.',
  }),
  username: optional('SMTP_USERNAME', line(320), 'no sign-in at the relay', {
    meaning: 'User name at the relay.',
    effect: 'Needs `SMTP_PASSWORD`.',
  }),
  password: optional('SMTP_PASSWORD', text(), 'no sign-in at the relay', {
    secret: true,
    meaning: 'Password at the relay.',
    effect: 'Needs `SMTP_USERNAME`.',
  }),
  from: optional(
    'MAIL_FROM',
    z
      .string()
      .regex(SENDER)
      .transform(senderOf)
      .describe('an e-mail address, or a name and the address: Example <no-reply@example.com>'),
    '`gatehouse@localhost` in a trial',
    {
      meaning: 'Who mails are from.',
      effect: 'Needed with `SMTP_HOST`. The relay must be allowed to send for its domain.',
    },
  ),
  link: optional(
    'MAIL_LINK',
    z
      .string()
      .max(1_000)
      .refine((given) => !/\s|\p{Cc}/u.test(given) && URL.canParse(filled(given)))
      .regex(/^https?:\/\//, 'must begin with https://')
      .regex(/^[^#]*#.*\{code\}/, 'must hold {code}, and behind #, where no server, proxy or log sees it')
      .refine((given) => !/\{code\}/.test(given.split('#', 1)[0] ?? ''), 'must hold {code} behind # only')
      .refine((given) => !/[{}]/.test(filled(given)), 'knows no other braces than {code} and {purpose}')
      .describe('an address such as https://app.example.com/account#{purpose}={code}'),
    'mails hold the code alone',
    {
      meaning:
        'The page of yours that takes the code of a mail, with `{code}` behind `#` and perhaps `{purpose}`.',
      effect:
        'Mails hold a link. The page must send the code when a person clicks, because scanners open links.',
    },
  ),
  productName: setting('PRODUCT_NAME', line(64), 'Gatehouse', {
    meaning: 'What people know this service as.',
    effect: 'Stands in the mails.',
  }),
  supportContact: optional('SUPPORT_CONTACT', line(200), 'mails name nobody', {
    meaning: 'Whom people ask for help: an address, a number or a page.',
    effect: 'Stands at the end of each mail.',
  }),
  retention: setting('OUTBOX_RETENTION', duration('1s', '3650d'), '7d', {
    meaning: 'How long a message stays in the outbox after it was sent or given up.',
    effect: 'Until then `mail list` shows it and a notice can be sent again.',
  }),
};

type Values = z.output<z.ZodObject<typeof settings>>;

/** The relay that takes our mail. */
export interface SmtpConfig extends Pick<Values, 'port' | 'tls' | 'ca'> {
  readonly host: string;
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
}

/** Settings that mean nothing without a relay. */
const RELAY_ONLY = ['SMTP_PORT', 'SMTP_TLS', 'SMTP_CA', 'SMTP_USERNAME', 'SMTP_PASSWORD'];

export const mailConfig = slice('mail', 'Mail', settings, (values, environment) => {
  const { link, productName, supportContact, retention } = values;
  if (environment.production && link?.startsWith('https://') === false)
    environment.refuse('MAIL_LINK', 'must begin with https:// in production');
  const smtp = relayOf(values, environment);
  return {
    smtp,
    /** Whether there is a way to send mail: a relay, or the folder of a trial. */
    mailIsSetUp: smtp !== undefined || !environment.production,
    /** Where a trial without a relay writes its mails; absolute. */
    folder: join(serviceConfig(environment).dataDir, 'mails'),
    from: values.from ?? { name: '', address: 'gatehouse@localhost' },
    link,
    productName,
    supportContact,
    retention,
  };
});

export type MailConfig = ConfigType<typeof mailConfig>;

function relayOf(values: Values, environment: Environment): SmtpConfig | undefined {
  const { host: found, port: at, tls, ca, username, password } = values;
  if (!environment.isGiven('SMTP_HOST')) {
    for (const name of RELAY_ONLY.filter((one) => environment.isGiven(one)))
      environment.refuse(name, 'is set, but no relay is: set SMTP_HOST too');
    return undefined;
  }
  if (!environment.isGiven('MAIL_FROM'))
    environment.refuse('MAIL_FROM', 'must be set together with SMTP_HOST');
  for (const [name, other] of [
    ['SMTP_USERNAME', 'SMTP_PASSWORD'],
    ['SMTP_PASSWORD', 'SMTP_USERNAME'],
  ] as const) {
    if (environment.isGiven(other) && !environment.isGiven(name))
      environment.refuse(name, `must be set together with ${other}`);
  }
  if (found === undefined) return undefined;
  if (environment.production && tls === 'none' && !isLoopback(found))
    environment.refuse(
      'SMTP_TLS',
      'is none, which production takes only where SMTP_HOST is the machine itself',
    );
  const credentials = username === undefined || password === undefined ? undefined : { username, password };
  return { host: found, port: at, tls, ca, credentials };
}

function senderOf(given: string): Sender {
  const { name = '', named, address = '' } = SENDER.exec(given)?.groups ?? {};
  return { name: name.trim(), address: named ?? address };
}

function filled(link: string): string {
  return link.replaceAll('{code}', 'x').replaceAll('{purpose}', 'x');
}

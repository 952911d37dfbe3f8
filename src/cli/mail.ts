import { Logger } from '@nestjs/common';
import type { Command } from 'commander';
import type { Config } from '../config/config.js';
import { MailFolder } from '../outbox/mail-folder.js';
import { renderMail } from '../outbox/mail-layout.js';
import { testMail } from '../outbox/mail-templates.js';
import { DeliveryFailure } from '../outbox/mail-transport.js';
import type { OutboxMessage } from '../outbox/outbox-message.entity.js';
import { OutboxRepository } from '../outbox/outbox.repository.js';
import { SmtpTransport } from '../outbox/smtp-transport.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { MINUTE, toTimestamp } from '../platform/time/clock.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { parseIdentifierOf } from '../users/identifiers.js';
import { inModules, say, type Settings } from './modules.js';
import { StartError } from './start-error.js';

/** How many messages a list shows, and how many dead ones are retried at once. */
const MOST = 1_000;

/** Their code is destroyed when they are given up. */
const WITH_CODE = ['signup_code', 'password_code', 'email_code', 'invitation', 'none'];

export function addMail(program: Command, settings: Settings): void {
  const mail = program.command('mail').description('mails and the outbox');
  mail
    .command('list')
    .description('show the mails that wait to be sent')
    .option('--dead', 'those that were given up')
    .action(async ({ dead = false }: { readonly dead?: boolean }) => {
      const messages = await inModules(settings(), (modules) =>
        modules.get(OutboxRepository, { strict: false }).list(dead ? 'dead' : 'waiting', MOST),
      );
      for (const message of messages) say(lineOf(message));
      const count = messages.length < MOST ? messages.length : `${MOST} or more`;
      say(`${dead ? 'Given up' : 'Waiting to be sent'}: ${count}.`);
    });
  mail
    .command('retry')
    .description('try a mail again now')
    .argument('[id]', 'of the mail, from "mail list"')
    .option('--dead', 'all that were given up')
    .action(async (id: string | undefined, { dead = false }: { readonly dead?: boolean }) => {
      if (dead === (id !== undefined)) throw new StartError('Name a mail by its id, or say --dead.');
      if (id !== undefined && !isUuid(id)) throw new StartError('That is no id of a mail: see "mail list".');
      await retry(settings(), id);
    });
  mail
    .command('test')
    .description('send a test mail now, and show the conversation with the relay')
    .argument('<address>', 'where to')
    .action(async (typed: string) => {
      const config = settings();
      const address = parseIdentifierOf('email', typed, config.service.defaultPhoneRegion);
      if (address === undefined) throw new StartError('That is no e-mail address.');
      await sendTest(config, address);
    });
}

async function retry(config: Config, id: string | undefined): Promise<void> {
  const [retried, lost] = await inModules(config, async (modules) => {
    const messages = modules.get(OutboxRepository, { strict: false });
    const now = await modules.get(SharedClock, { strict: false }).now();
    const found = id === undefined ? await messages.list('dead', MOST) : [await messages.find(id)];
    const counts = { retried: 0, lost: 0 };
    for (const message of found) {
      if (message === null) throw new StartError('There is no such mail.');
      if (message.state === 'sent') throw new StartError('This mail was sent.');
      if (message.state === 'dead' && WITH_CODE.includes(message.template)) counts.lost += 1;
      else if (await messages.makeDue(message, now)) counts.retried += 1;
    }
    return [counts.retried, counts.lost];
  });
  if (lost > 0)
    say(
      `Not to be sent again: ${lost}. The code of such a mail is destroyed with it; ask for a new one instead.`,
    );
  say(`Due now: ${retried}. The server sends within 5 seconds.`);
}

async function sendTest({ mail, service }: Config, recipient: string): Promise<void> {
  // What is to be said is said below, in a sentence.
  Logger.overrideLogger(['error', 'fatal']);
  const content = testMail({ language: service.defaultLanguage, settings: mail });
  const rendered = renderMail(content, service.defaultLanguage, mail.productName);
  const transport =
    mail.smtp === undefined ? new MailFolder(mail) : new SmtpTransport(mail, mail.smtp, (line) => say(line));
  try {
    await transport.send(
      { id: newId(), template: 'test', recipient, createdAt: Date.now(), ...rendered },
      AbortSignal.timeout(MINUTE),
    );
  } catch (error) {
    if (!(error instanceof DeliveryFailure)) throw error;
    throw new StartError(`The mail was not taken (${error.message}). ${adviceFor(error.message, mail)}`);
  } finally {
    transport.close();
  }
  if (mail.smtp === undefined) say(`There is no SMTP_HOST, so the mail was written into ${mail.folder}.`);
  else say(`${mail.smtp.host} has taken the mail. Look whether it arrives, in the spam folder too.`);
}

/** By the first word that is found in the failure: what to do. */
const ADVICE: ReadonlyArray<readonly [RegExp, string]> = [
  [/folder/, 'Check that the folder DATA_DIR/mails can be written into.'],
  [/EDNS|ENOTFOUND/, 'No such host is known: check SMTP_HOST.'],
  [
    /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH/,
    'Nothing answers there: check SMTP_HOST, SMTP_PORT and the firewall.',
  ],
  [/ALTNAME/, 'The certificate is for another name: set SMTP_HOST to the name that stands in it.'],
  [/CERT|SIGNATURE|ISSUER/, 'The certificate is from an authority that is not known here: set SMTP_CA.'],
  [/STARTTLS/, 'The relay offers no encryption at this port: try SMTP_TLS=implicit with SMTP_PORT=465.'],
  [
    /ETLS|WRONG_VERSION/,
    'Encryption could not begin: check that SMTP_TLS fits SMTP_PORT (587 starttls, 465 implicit).',
  ],
  [/EAUTH/, 'The relay refused the sign-in: check SMTP_USERNAME and SMTP_PASSWORD.'],
  [
    /MAIL FROM/,
    'The relay does not let us send in this name: check MAIL_FROM, and whether it asks for a sign-in.',
  ],
  [
    /RCPT TO/,
    'The relay does not take mail for this address: check it, and whether the relay may send outside.',
  ],
  [/DATA/, 'The relay refused the content: its log says why.'],
  [
    /ETIMEDOUT|EABORT/,
    'The relay does not answer in time: check SMTP_HOST, SMTP_PORT, SMTP_TLS and the firewall.',
  ],
];

function adviceFor(failure: string, { smtp }: Config['mail']): string {
  const advice = ADVICE.find(([words]) => words.test(failure))?.[1];
  return (
    advice ?? `Check that an SMTP server listens at ${smtp?.host}:${smtp?.port}, and that SMTP_TLS fits it.`
  );
}

function lineOf({ id, template, recipient, createdAt, tries, dueAt, doneAt, error }: OutboxMessage): string {
  const next = doneAt === null ? `next try ${toTimestamp(dueAt)}` : `given up ${toTimestamp(doneAt)}`;
  const parts = [
    id,
    template,
    recipient || 'nobody',
    `written ${toTimestamp(createdAt)}`,
    `${tries} tries`,
    next,
  ];
  return [...parts, error ?? ''].join('  ').trimEnd();
}

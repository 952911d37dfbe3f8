import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleParser, type ParsedMail } from 'mailparser';
import type { TestApp } from './app.ts';
import { allDone } from './outbox.ts';

/** A mail as its reader sees it. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Six digits that stand in it, or none. */
  readonly code: string;
  /** The token of a link, or none. */
  readonly token: string;
}

/** The mails of a trial to an address, oldest first, once nothing waits to be sent. */
export async function mailsTo(app: TestApp, address: string): Promise<Mail[]> {
  return (await allMails(app)).filter(({ to }) => to === address);
}

/** The newest hundred mails of a trial, oldest first, once nothing waits to be sent. */
export async function allMails(app: TestApp): Promise<Mail[]> {
  await allDone(app);
  const { folder } = app.config.mail;
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml')).toSorted();
  return Promise.all(
    names.map(async (name) => toMail(await simpleParser(await readFile(join(folder, name))))),
  );
}

/** @throws when there is none */
export async function lastMailTo(app: TestApp, address: string): Promise<Mail> {
  const mail = (await mailsTo(app, address)).at(-1);
  if (mail === undefined) throw new Error(`There is no mail to ${address}.`);
  return mail;
}

function toMail(parsed: ParsedMail): Mail {
  const { subject = '', text = '', html }: ParsedMail = parsed;
  const [to] = [parsed.to ?? []].flat();
  return {
    to: to?.value[0]?.address ?? '',
    subject,
    text,
    html: html || '',
    code: /(?<![\w#=-])\d{6}(?!\w)/.exec(text)?.[0] ?? '',
    token: /ghc_[\w-]{64}/.exec(text)?.[0] ?? '',
  };
}

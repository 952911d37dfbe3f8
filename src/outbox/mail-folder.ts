import { chmod, link, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { MailConfig } from '../config/mail.config.js';
import { randomToken } from '../platform/crypto/random.js';
import { makeFolder } from '../platform/folder.js';
import { toTimestamp } from '../platform/time/clock.js';
import { DeliveryFailure, MailTransport, nodemailerMessage, type Mail } from './mail-transport.js';

/** How many mails are kept. */
const KEPT = 100;

/**
 * Where a trial without a relay puts its mails: a file each, and the last one as text. They hold codes, so the folder is
 * the owner's alone, and no route shows it.
 */
export class MailFolder extends MailTransport {
  private readonly logger = new Logger('Mail');

  constructor(private readonly config: MailConfig) {
    super();
  }

  override async send(mail: Mail): Promise<void> {
    try {
      await this.write(mail);
    } catch (error) {
      const { code = 'EUNKNOWN' }: { readonly code?: string } = Object(error);
      throw new DeliveryFailure('way', `folder ${code}`, { cause: error });
    }
  }

  override close(): void {}

  private async write(mail: Mail): Promise<void> {
    const { folder } = this.config;
    makeFolder(folder);
    await chmod(folder, 0o700);
    const { createTransport } = await import('nodemailer');
    const composed = await createTransport({ streamTransport: true, buffer: true }).sendMail(
      nodemailerMessage(mail, this.config),
    );
    const path = await addFile(folder, mail.template, composed.message);
    const { recipient, subject, text } = mail;
    const latest = await writeUnfinished(folder, `To: ${recipient}\nSubject: ${subject}\n\n${text}`);
    await rename(latest, join(folder, 'latest.txt'));
    this.logger.log({ path }, 'a mail was written, because this is a trial without SMTP_HOST');
    await this.removeOldest();
  }

  private async removeOldest(): Promise<void> {
    const { folder } = this.config;
    const mails = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
    for (const name of mails.slice(0, -KEPT)) await rm(join(folder, name), { force: true });
  }
}

/**
 * Writes a file under a name that nobody has. Names sort by time; of two mails in one millisecond the second is put into
 * the next.
 *
 * @returns its path
 */
async function addFile(
  folder: string,
  template: string,
  content: string | Buffer | Readable,
): Promise<string> {
  const unfinished = await writeUnfinished(folder, content);
  try {
    for (let time = Date.now(); ; time += 1) {
      const path = join(folder, `${toTimestamp(time).replaceAll(':', '-')}-${template}.eml`);
      // A link, unlike a rename, fails when its name is taken.
      const isOurs = await link(unfinished, path).then(
        () => true,
        (error: unknown) => {
          if (Object(error).code === 'EEXIST') return false;
          throw error;
        },
      );
      if (isOurs) return path;
    }
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** Whoever looks sees the whole file or none. */
async function writeUnfinished(folder: string, content: string | Buffer | Readable): Promise<string> {
  const path = join(folder, `.${randomToken(12)}.part`);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

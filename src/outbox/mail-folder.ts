import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { MailConfig } from '../config/mail.config.js';
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
    const path = freePath(folder, mail.template);
    await replaceFile(path, composed.message);
    const { recipient, subject, text } = mail;
    await replaceFile(join(folder, 'latest.txt'), `To: ${recipient}\nSubject: ${subject}\n\n${text}`);
    this.logger.log({ path }, 'a mail was written, because this is a trial without SMTP_HOST');
    await this.removeOldest();
  }

  private async removeOldest(): Promise<void> {
    const { folder } = this.config;
    const mails = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
    for (const name of mails.slice(0, -KEPT)) await rm(join(folder, name), { force: true });
  }
}

/** Names sort by time; of two mails in one millisecond the second is put into the next. */
function freePath(folder: string, template: string): string {
  for (let time = Date.now(); ; time += 1) {
    const path = join(folder, `${toTimestamp(time).replaceAll(':', '-')}-${template}.eml`);
    if (!existsSync(path)) return path;
  }
}

/** Whoever looks sees the whole file or none. */
async function replaceFile(path: string, content: string | Buffer | Readable): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  await writeFile(unfinished, content, { mode: 0o600 });
  await rename(unfinished, path);
}

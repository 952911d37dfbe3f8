import type { MailConfig } from '../config/mail.config.js';
import type { Instant } from '../platform/time/clock.js';
import type { RenderedMail } from './mail-layout.js';

export interface Mail extends RenderedMail {
  /** Names the mail for ever: when it is sent twice, the receiver can tell. */
  readonly id: string;
  readonly template: string;
  /** Canonical. */
  readonly recipient: string;
  readonly createdAt: Instant;
}

/**
 * What a failure tells: `refused` that this mail will never be taken, `later` nothing beyond this mail, and `way` that
 * no mail gets out at the moment, which is the operator's to mend.
 */
export type FailureKind = 'refused' | 'later' | 'way';

/** A mail was not taken. The message is made of names and numbers, never of a server's text, which may quote the mail. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';

  constructor(
    readonly kind: FailureKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The way that mails take: a relay, or the folder of a trial. */
export abstract class MailTransport {
  /** @throws DeliveryFailure */
  abstract send(mail: Mail, signal: AbortSignal): Promise<void>;
  abstract close(): void;
}

/** What nodemailer is given of a mail. */
export function nodemailerMessage(mail: Mail, { from }: MailConfig) {
  const { id, recipient, createdAt, subject, text, html } = mail;
  const [, domain = ''] = from.address.split('@');
  return {
    // As objects, because a list of addresses can be hidden in text. Copied, because nodemailer writes into them.
    from: { ...from },
    to: { name: '', address: recipient },
    envelope: { from: from.address, to: [recipient] },
    messageId: `<${id}@${domain}>`,
    date: new Date(createdAt),
    subject,
    text,
    html,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    xMailer: false as const,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

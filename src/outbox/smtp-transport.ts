import { format } from 'node:util';
import type { MailConfig, SmtpConfig } from '../config/mail.config.js';
import { SECOND } from '../platform/time/clock.js';
import { DeliveryFailure, MailTransport, nodemailerMessage, type Mail } from './mail-transport.js';

/** How many mails a replica sends at once. */
export const CONNECTIONS = 4;

/** Told each line of the conversation, without credentials. */
export type Listener = (line: string) => void;

/** Hands mails to the relay. */
export class SmtpTransport extends MailTransport {
  private pool: ReturnType<typeof openPool> | undefined;

  constructor(
    private readonly config: MailConfig,
    private readonly smtp: SmtpConfig,
    private readonly listener?: Listener,
  ) {
    super();
  }

  override async send(mail: Mail, signal: AbortSignal): Promise<void> {
    this.pool ??= openPool(this.smtp, this.listener);
    const pool = await this.pool;
    try {
      await pool.sendMail({ ...nodemailerMessage(mail, this.config), signal });
    } catch (error) {
      throw failureOf(error);
    }
  }

  override close(): void {
    // What is still being sent has had its time.
    void this.pool?.then((pool) => pool.close({ force: true }));
    this.pool = undefined;
  }
}

async function openPool({ host, port, tls, ca, credentials }: SmtpConfig, listener?: Listener) {
  // Imported at the first send: a server that sends no mail shall not carry it.
  const { createTransport } = await import('nodemailer');
  return createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    maxRequeues: 1,
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    ...(credentials && { auth: { user: credentials.username, pass: credentials.password } }),
    connectionTimeout: 10 * SECOND,
    greetingTimeout: 10 * SECOND,
    socketTimeout: 20 * SECOND,
    ...(listener && { debug: true, logger: conversation(listener) }),
  });
}

function failureOf(error: unknown): DeliveryFailure {
  const { code, originalCode, command, response, responseCode, permanent }: Record<string, unknown> =
    Object(error);
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(String(response))?.[1];
  const words = [code, originalCode, command, responseCode, enhanced].filter(
    (word) => typeof word === 'number' || (typeof word === 'string' && /^[A-Z0-9_. -]{1,40}$/.test(word)),
  );
  const message = words.join(' ').slice(0, 128) || 'EUNKNOWN';
  // nodemailer also calls a refused sign-in and a missing STARTTLS permanent. Those are the operator's.
  const isOfThisMail = command === 'RCPT TO' || command === 'DATA';
  if (isOfThisMail)
    return new DeliveryFailure(permanent === true ? 'refused' : 'later', message, { cause: error });
  return new DeliveryFailure(code === 'EABORT' ? 'later' : 'way', message, { cause: error });
}

/** Keeps of nodemailer's log what went over the wire; it hides credentials itself. */
function conversation(listener: Listener) {
  const hear = (entry: unknown, text?: unknown, ...rest: unknown[]) => {
    const { tnx }: { readonly tnx?: unknown } = Object(entry);
    const line = rest.length === 0 ? String(text) : format(String(text), ...rest);
    if (tnx === 'client') listener(`C: ${line}`);
    else if (tnx === 'server') listener(`S: ${line}`);
  };
  return { trace: hear, debug: hear, info: hear, warn: hear, error: hear, fatal: hear };
}

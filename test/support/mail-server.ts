import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** How a relay behaves; it can change at any time. */
export type MailServerMode =
  | 'accept'
  /** Refuses recipients for good, or for now; `refuses` says which. */
  | '550'
  | '451'
  /** Refuses the sign-in. */
  | '535'
  /** Takes connections and says nothing. */
  | 'silent'
  /** Takes a mail and goes away without a word. */
  | 'drop after DATA';

export interface ReceivedMail {
  readonly at: number;
  readonly to: string;
  readonly raw: string;
  readonly parsed: ParsedMail;
  readonly secure: boolean;
}

export interface MailServerOptions {
  readonly port?: number;
  /** Without STARTTLS, as if somebody on the way had removed it. */
  readonly startTls?: boolean;
  /** TLS from the first byte. */
  readonly implicit?: boolean;
  readonly user?: { readonly username: string; readonly password: string };
  /** The name in the certificate. */
  readonly name?: string;
}

interface Parts {
  readonly front: Server;
  readonly back: SMTPServer;
  readonly sockets: Set<Socket>;
}

/** A real SMTP server, in this process, which remembers all that was said to it. */
export class MailServer {
  mode: MailServerMode = 'accept';
  /** Which recipients 550 and 451 mean; all by default. */
  refuses: (recipient: string) => boolean = () => true;
  readonly mails: ReceivedMail[] = [];
  /** What clients did, in order: `connect`, `AUTH`, `MAIL FROM`, `RCPT TO`. */
  readonly steps: string[] = [];

  /** How long it thinks before it confirms a mail, in milliseconds. */
  delay: () => number = () => 0;
  /** Connections whose client has closed, by the port of the front: the server behind it does not read, so would not see. */
  readonly gone = new Set<number>();
  readonly port: number;
  /** Of the authority, as SMTP_CA takes it. */
  readonly ca: string;
  private readonly front: Server;
  private readonly back: SMTPServer;
  private readonly sockets: Set<Socket>;

  private constructor(parts: Pick<MailServer, 'port' | 'ca'> & Parts) {
    this.port = parts.port;
    this.ca = parts.ca;
    this.front = parts.front;
    this.back = parts.back;
    this.sockets = parts.sockets;
  }

  static async start(options: MailServerOptions = {}): Promise<MailServer> {
    const { startTls = true, implicit = false, user, name = 'localhost' } = options;
    const certificates = certificatesFor(name);
    const box: { server?: MailServer } = {};
    const back = new SMTPServer({
      key: certificates.key,
      cert: certificates.cert,
      secure: implicit,
      disabledCommands: startTls ? [] : ['STARTTLS'],
      authOptional: user === undefined,
      allowInsecureAuth: true,
      closeTimeout: 100,
      ...handlers(() => box.server, user),
    });
    back.on('error', () => undefined);
    await new Promise<void>((listening) => void back.listen(0, '127.0.0.1', listening));
    const sockets = new Set<Socket>();
    // A front of our own, which can be silent before a greeting.
    const front = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
      box.server?.steps.push('connect');
      if (box.server?.mode !== 'silent') joinTo(socket, back, sockets, box.server?.gone);
    });
    await new Promise<void>((listening) => void front.listen(options.port ?? 0, '127.0.0.1', listening));
    const { port } = front.address() as AddressInfo;
    box.server = new MailServer({ port, ca: certificates.ca, front, back, sockets });
    return box.server;
  }

  /** The settings that point Gatehouse at it. */
  get env(): Record<string, string> {
    return {
      SMTP_HOST: 'localhost',
      SMTP_PORT: String(this.port),
      SMTP_CA: this.ca,
      MAIL_FROM: 'Gatehouse <no-reply@example.com>',
    };
  }

  /** Waits until so many mails have come, to an address or in all. */
  async received(count: number, to?: string, patience = 15_000): Promise<ReceivedMail[]> {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = this.mails.filter((mail) => to === undefined || mail.to === to);
      if (found.length >= count) return found;
      if (Date.now() > deadline) throw new Error(`${found.length} of ${count} mails came`);
      await sleep(10);
    }
  }

  /** Breaks all connections, as a network does. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await Promise.all([
      new Promise<void>((closed) => void this.front.close(() => closed())),
      new Promise<void>((closed) => void this.back.close(() => closed())),
    ]);
  }
}

function joinTo(socket: Socket, back: SMTPServer, sockets: Set<Socket>, gone?: Set<number>): void {
  const { port } = back.server.address() as AddressInfo;
  const other = connect(port, '127.0.0.1');
  let local = 0;
  other.on('connect', () => {
    local = other.localPort ?? 0;
    // A port is used again.
    gone?.delete(local);
  });
  sockets.add(other.on('error', () => socket.destroy()).on('close', () => sockets.delete(other)));
  // Not at its close, before which the other may have closed.
  socket.on('end', () => gone?.add(local));
  socket.on('close', () => {
    gone?.add(local);
    other.destroy();
  });
  other.on('close', () => socket.destroy());
  socket.pipe(other).pipe(socket);
}

function handlers(
  serverOf: () => MailServer | undefined,
  user: MailServerOptions['user'],
): Partial<SMTPServerOptions> {
  const refusal = (code: number, message: string) =>
    Object.assign(new Error(message), { responseCode: code });
  return {
    onAuth: ({ username, password }, _session, done) => {
      serverOf()?.steps.push('AUTH');
      const isRight = username === user?.username && password === user?.password;
      if (serverOf()?.mode === '535' || !isRight) done(refusal(535, '5.7.8 not signed in'));
      else done(null, { user: username });
    },
    onMailFrom: (_address, _session, done) => {
      serverOf()?.steps.push('MAIL FROM');
      done();
    },
    onRcptTo: ({ address }, _session, done) => {
      const server = serverOf();
      server?.steps.push('RCPT TO');
      const { mode } = server ?? {};
      // The text of a server may hold anything.
      if (mode === '550' && server?.refuses(address))
        done(refusal(550, `5.1.1 nobody <${address}> SERVER-TEXT`));
      else if (mode === '451' && server?.refuses(address)) done(refusal(451, '4.7.1 later SERVER-TEXT'));
      else done();
    },
    onData: (stream, session, done) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk);
        const server = serverOf();
        const raw = Buffer.concat(chunks);
        const [to] = session.envelope.rcptTo;
        const parsed = await simpleParser(raw);
        await sleep(server?.delay());
        // A client that has gone is told of nothing, so the mail is not taken.
        if (server?.gone.has(session.remotePort)) return;
        server?.mails.push({
          at: Date.now(),
          to: to?.address ?? '',
          raw: raw.toString(),
          parsed,
          secure: session.secure,
        });
        if (server?.mode === 'drop after DATA') server.cut();
        else done();
        // The client went away in the middle.
      })().catch(() => undefined);
    },
  };
}

interface Certificates {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

const made = new Map<string, Certificates>();

/** A server's certificate for a name, and its own authority. */
function certificatesFor(name: string): Certificates {
  const known = made.get(name);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mail-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test authority');
  openssl(
    'req', '-x509', ...ec, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-keyout', 'key.pem', '-out', 'cert.pem',
    '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-addext', 'basicConstraints=critical,CA:FALSE',
  ); // prettier-ignore
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const found = { key: read('key.pem'), cert: read('cert.pem'), ca: read('ca.pem') };
  rmSync(folder, { recursive: true });
  made.set(name, found);
  return found;
}

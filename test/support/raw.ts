import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** By name in lower case, with every value that was sent. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
  /** Whether the server closed the connection. */
  readonly closed: boolean;
  /** Everything that came back. */
  readonly text: string;
}

export interface RawOptions {
  /** How long to wait for a whole answer; an unfinished one is returned as it is then. */
  readonly timeout?: number;
  /** Half-close the connection once everything is sent. */
  readonly end?: boolean;
  /** Read on until the server closes the connection. */
  readonly untilClosed?: boolean;
}

/** Sends bytes as they are (text as latin1) over a connection of its own and reads the first whole answer. */
export async function sendRaw(
  url: string,
  bytes: string | Buffer,
  options: RawOptions = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  let closed = false;
  const whole = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, options.timeout ?? 5_000);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (!options.untilClosed && isWhole(Buffer.concat(chunks).toString('latin1'))) done();
    });
    // A reset after the answer is the server's right.
    socket.on('error', done);
    socket.on('end', () => (closed = true));
    socket.on('close', () => {
      closed = true;
      done();
    });
  });
  const payload = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  if (options.end) socket.end(payload);
  else socket.write(payload);
  await whole;
  socket.destroy();
  return { ...parseAnswer(Buffer.concat(chunks)), closed };
}

/** All answers in what came back over one connection, in their order. */
export function answersIn(text: string): Array<Omit<RawAnswer, 'closed'>> {
  const answers = [];
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const answer = parseAnswer(rest);
    answers.push(answer);
    const end = rest.indexOf('\r\n\r\n');
    const length = Number(answer.headers.get('content-length')?.[0] ?? Number.NaN);
    if (end < 0 || Number.isNaN(length)) break;
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

function parseAnswer(bytes: Buffer): Omit<RawAnswer, 'closed'> {
  const text = bytes.toString('utf8');
  const [head = '', ...rest] = afterContinue(text).split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0);
  const length = Number(headers.get('content-length')?.[0] ?? Infinity);
  // What follows is the answer to what else the bytes were taken for.
  const body = Buffer.from(rest.join('\r\n\r\n')).subarray(0, length).toString();
  return { status, headers, body, text };
}

/** Every answer of the service states its length. */
function isWhole(text: string): boolean {
  const answer = afterContinue(text);
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, end))?.[1];
  return length !== undefined && answer.length - end - 4 >= Number(length);
}

function afterContinue(text: string): string {
  return text.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, '');
}

import { Agent, request } from 'node:http';

/** What came back. `status` is 0 when no answer came, and then `failure` says why. */
export interface Answer {
  /** Method and path. */
  readonly what: string;
  readonly status: number;
  readonly code: number | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** The whole body, parsed. */
  readonly body: unknown;
  readonly failure: string;
  /** When it was sent, by the clock of this process, and how long it took. */
  readonly at: number;
  readonly ms: number;
}

export interface Call {
  readonly body?: unknown;
  readonly token?: string;
  readonly agent?: Agent;
  /** After this the answer counts as missing. */
  readonly timeout?: number;
}

const shared = new Agent({ keepAlive: true, maxSockets: 512 });

/** Sends one request; never rejects. */
export async function call(base: string, method: string, path: string, options: Call = {}): Promise<Answer> {
  const at = performance.now();
  const result = await send(base, method, path, options).catch((error: unknown) => ({
    status: 0,
    text: '',
    failure: error instanceof Error && 'code' in error ? String(error.code) : String(error),
  }));
  const body = parse(result.text);
  const envelope = record(body);
  const code = typeof envelope['code'] === 'number' ? envelope['code'] : undefined;
  const { status, failure } = result;
  const what = `${method} ${path}`;
  return {
    what,
    status,
    failure,
    code,
    body,
    data: record(envelope['data']),
    at,
    ms: performance.now() - at,
  };
}

function send(
  base: string,
  method: string,
  path: string,
  { body, token, agent = shared, timeout = 30_000 }: Call,
): Promise<{ status: number; text: string; failure: string }> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | number> = {};
    if (text !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    const outgoing = request(new URL(path, base), { method, agent, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        clearTimeout(timer);
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString(), failure: '' });
      });
    });
    const timer = setTimeout(
      () => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })),
      timeout,
    );
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An object's members, or none of anything else. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

import { CallFailed, Unavailable } from './errors.ts';

export interface Connection {
  /** Where Gatehouse is, such as `https://id.example`. */
  readonly url: string;
  /** A key of a service account: `gatehouse_key_…`. */
  readonly key?: string | undefined;
  /** In place of the global one, for proxies and tests. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface Call {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

type Fields = Readonly<Record<string, unknown>>;

const DEADLINE = 5_000;

/** The few calls that the kit makes. */
export class Api {
  private readonly base: string;
  private readonly key: string | undefined;
  private readonly request: typeof globalThis.fetch;

  constructor({ url, key, fetch = globalThis.fetch }: Connection) {
    // A mistake here should show at the start and not at the first request.
    if (!URL.canParse(url)) throw new TypeError(`url: not a URL: ${url}`);
    this.base = url.replace(/\/+$/, '');
    this.key = key;
    this.request = fetch;
  }

  /** The keys, which are the one answer without an envelope. */
  async jwks(): Promise<readonly unknown[]> {
    const { status, body } = await this.send('GET', '/.well-known/jwks.json');
    if (status !== 200 || !Array.isArray(body['keys'])) throw new Unavailable(`no JWK set: ${status}`);
    return body['keys'];
  }

  /** The `data` of a successful answer. */
  async data(method: string, path: string, call: Call = {}): Promise<Fields> {
    const { status, body } = await this.send(method, path, call);
    const { code, msg, data } = body;
    if (code === 0 && status < 300) return fields(data);
    // 429 too: who is asked too often can tell as little as who is away.
    if (status >= 500 || status === 429 || typeof code !== 'number')
      throw new Unavailable(`Gatehouse answered ${status}`);
    throw new CallFailed(status, code, String(msg));
  }

  private async send(
    method: string,
    path: string,
    call: Call = {},
  ): Promise<{ status: number; body: Fields }> {
    const headers = new Headers({ accept: 'application/json' });
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    if (this.key !== undefined) headers.set('authorization', `Bearer ${this.key}`);
    try {
      const answer = await this.request(this.base + path, {
        method,
        headers,
        // The key must not follow anybody to another place.
        redirect: 'error',
        signal: call.signal ?? AbortSignal.timeout(DEADLINE),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      return { status: answer.status, body: fields(await answer.json()) };
    } catch (error) {
      throw new Unavailable('Gatehouse did not answer', error);
    }
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

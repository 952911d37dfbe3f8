import { once } from 'node:events';
import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
  /** From sending to the last byte, in milliseconds. */
  readonly ms: number;
}

interface CallOptions {
  readonly body?: unknown;
  readonly token?: string;
}

export interface SignedIn {
  readonly session_id: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A client with kept-alive connections, calling from one address of 127.0.0.0/8. */
export class Client {
  private readonly url: string;
  private readonly from: string;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(url: string, from = '127.0.0.1') {
    this.url = url;
    this.from = from;
  }

  async call(method: string, path: string, { body, token }: CallOptions = {}): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const begun = performance.now();
    const sent = request(`${this.url}${path}`, {
      method,
      agent: this.agent,
      localAddress: this.from,
      headers: {
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    });
    sent.end(payload);
    const [answer] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    return {
      status: answer.statusCode,
      text: Buffer.concat(chunks).toString(),
      retryAfter: answer.headers['retry-after'],
      ms: performance.now() - begun,
    };
  }

  /** `data` of an answer that is expected to succeed. */
  async expect<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const answer = await this.call(method, path, options);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text).data;
  }

  async signIn(username: string, password: string): Promise<SignedIn> {
    return this.expect('POST', '/signin', { body: { username, password } });
  }

  async guess(username: string, password: string): Promise<Answer> {
    return this.call('POST', '/signin', { body: { username, password } });
  }

  async renew(refreshToken: string): Promise<Answer> {
    return this.call('POST', '/tokens/renew_access', { body: { refresh_token: refreshToken } });
  }

  close(): void {
    this.agent.destroy();
  }
}

import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { forge } from '../../../test/support/tokens/tokens.ts';

export const ISSUER = 'https://id.example';
export const AUDIENCE = 'apis';
export const KEY = `gatehouse_key_${'0'.repeat(49)}`;
/** ACCESS_TOKEN_TTL, in seconds. */
const TTL = 900;

type Event = { seq: number; at: string } & ({ ended: string[] } | { permissions: string });

export interface Session {
  readonly userId: string;
  readonly sessionId: string;
  readonly token: string;
}

/** As much of Gatehouse as the kit asks, so that its outages and its clock are in the hands of a test. */
export class StandIn {
  /** Calls so far, by path. */
  readonly calls = new Map<string, number>();
  /** What the next calls answer in place of the truth. */
  broken: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  now = Date.now;
  keys: Array<{ kid: string; privateKey: KeyObject; jwk: object }> = [];
  private port = 0;
  private server: Server | undefined;
  private readonly events: Event[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly ended = new Set<string>();
  private readonly permissions = new Map<string, readonly string[]>();
  private removedUpTo = 0;
  private toldFrom = 0;

  constructor() {
    this.addKey();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.server?.close(done));
    this.server?.closeAllConnections();
    await closed;
  }

  addKey(): string {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = randomUUID().replaceAll('-', '');
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
    this.keys.push({ kid, privateKey, jwk });
    return kid;
  }

  count(path: string): number {
    return this.calls.get(path) ?? 0;
  }

  /** A session and its token, signed by the newest key. */
  signIn(codes: readonly string[] = [], userId: string = randomUUID()): Session {
    const sessionId = randomUUID();
    this.permissions.set(userId, codes);
    return { userId, sessionId, token: this.token({ userId, sessionId }) };
  }

  token({ userId, sessionId }: Omit<Session, 'token'>, lifeSeconds = TTL): string {
    const iat = Math.floor(this.now() / 1_000);
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: userId, sid: sessionId, jti: randomUUID(), iat };
    const { kid, privateKey } = this.keys.at(-1) ?? this.fail();
    return forge({ alg: 'ES256', typ: 'at+jwt', kid }, { ...claims, exp: iat + lifeSeconds }, privateKey);
  }

  end(...sessionIds: string[]): void {
    for (const id of sessionIds) this.ended.add(id);
    this.tell({ ended: sessionIds });
  }

  permit(userId: string, codes: readonly string[]): void {
    this.permissions.set(userId, codes);
    this.tell({ permissions: userId });
  }

  /** As the sweep of the record does; what is long ago is not told to who begins again either. */
  forgetEvents({ longAgo = false } = {}): void {
    this.removedUpTo = this.events.length;
    if (longAgo) this.toldFrom = this.events.length;
  }

  private tell(what: { ended: string[] } | { permissions: string }): void {
    this.events.push({ seq: this.events.length + 1, at: new Date(this.now()).toISOString(), ...what });
    for (const wake of this.waiting) wake();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    this.calls.set(pathname, this.count(pathname) + 1);
    if (this.broken) return this.broken(request, response);
    const body = await bodyOf(request);
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const data = (value: unknown): void => send(200, { code: 0, data: value, msg: 'ok' });
    if (pathname === '/.well-known/jwks.json') return send(200, { keys: this.keys.map(({ jwk }) => jwk) });
    if (pathname === '/tokens/renew_access') return this.renew(body, send);
    if (request.headers.authorization !== `Bearer ${KEY}`)
      return send(401, { code: 11002, data: null, msg: 'Please sign in.' });
    if (pathname === '/tokens/introspect') return data(this.introspect(body));
    if (pathname === '/tokens/changes') {
      const after = searchParams.get('after');
      if (after !== null && Number(after) < this.removedUpTo)
        return send(410, { code: 15001, data: null, msg: 'Begin again.' });
      return data(await this.changes(after, Number(searchParams.get('wait')), request));
    }
    if (pathname === '/applications/shop/permissions') {
      const { permissions } = body as { permissions: object[] };
      return data({ added: permissions.length, changed: 0, retired: 0, unchanged: 0, codes_added: ['x'] });
    }
    send(404, { code: 10003, data: null, msg: 'There is no such route.' });
  }

  private introspect(body: Record<string, unknown>): object {
    const { token, application } = body;
    const [, payload = ''] = String(token).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, string>;
    const { sub = '', sid = '', exp } = claims;
    if (this.ended.has(sid) || Number(exp) * 1_000 <= this.now()) return { active: false };
    const told = { active: true, ...claims, token_type: 'access_token', username: 'ann', kind: 'person' };
    return application === undefined ? told : { ...told, permissions: this.permissions.get(sub) ?? [] };
  }

  private async changes(after: string | null, wait: number, request: IncomingMessage): Promise<object> {
    const found = (): Event[] => this.events.filter(({ seq }) => seq > Number(after ?? this.toldFrom));
    if (found().length === 0 && wait > 0) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, wait * 1_000).unref();
        const wake = (): void => {
          clearTimeout(timer);
          this.waiting.delete(wake);
          done();
        };
        this.waiting.add(wake);
        request.once('close', wake);
      });
    }
    return { items: found(), next: this.events.length, ttl: TTL };
  }

  private renew(body: Record<string, unknown>, send: (status: number, value: unknown) => void): void {
    if (body['refresh_token'] !== KEY) return send(401, { code: 11003, data: null, msg: 'Not a key.' });
    const { token } = this.signIn();
    const end = new Date((Math.floor(this.now() / 1_000) + TTL) * 1_000).toISOString();
    send(200, { code: 0, data: { access_token: token, access_token_expires_at: end }, msg: 'ok' });
  }

  private fail(): never {
    throw new Error('no key');
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
}

import type { CryptoKey } from 'jose';
import { Api, type Connection } from './api.ts';
import { CallFailed, Refused, Unavailable } from './errors.ts';
import { Feed } from './feed.ts';
import { Keys, type Stale } from './keys.ts';
import { PermissionCache, type Permissions } from './permission-cache.ts';
import { keyIdOf, TOLERANCE, verifySigned, type Principal } from './token.ts';

export interface VerifierOptions extends Connection {
  /** TOKEN_ISSUER of Gatehouse. */
  readonly issuer: string;
  /** TOKEN_AUDIENCE of Gatehouse. */
  readonly audience: string;
  /** Whose permissions `permissions()` tells. Needs a key. */
  readonly application?: string | undefined;
  /** Follow what happens at Gatehouse, so that whoever signed out is refused within seconds. Needs a key. */
  readonly changes?: boolean | undefined;
  /** Ask Gatehouse about each token, each time. Needs a key. */
  readonly introspect?: 'always' | undefined;
  /** What to do when nothing was heard of changes for 30 seconds. */
  readonly whenBlind?: 'accept' | 'introspect' | 'refuse' | undefined;
  /** Told of each failed attempt to fetch the keys while older ones are in use. */
  readonly onStale?: ((stale: Stale) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

interface Remembered {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly principal: Principal;
}

/** A client sends one token for a quarter of an hour. So many are a few MiB. */
const MOST_REMEMBERED = 5_000;

/** Verifies access tokens of Gatehouse. One for each process, closed at its end. */
export class Verifier {
  private readonly options: VerifierOptions;
  private readonly now: () => number;
  private readonly api: Api;
  private readonly keys: Keys;
  private readonly feed: Feed | undefined;
  private readonly cache = new PermissionCache();
  /** By their whole text, because a signature costs more than all the rest. */
  private readonly remembered = new Map<string, Remembered>();
  private readonly tokens = new WeakMap<Principal, string>();
  /** Permissions that came along when a token was introspected. */
  private readonly told = new WeakMap<Principal, Permissions>();

  constructor(options: VerifierOptions) {
    const { key, application, changes, introspect, whenBlind, now = Date.now } = options;
    const asks = application !== undefined || changes || introspect || whenBlind === 'introspect';
    if (asks && key === undefined) throw new TypeError('application, changes and introspect need a key');
    this.options = options;
    this.now = now;
    this.api = new Api(options);
    this.keys = new Keys(this.api, now, options.onStale);
    const listener = { permissionsChanged: (userId: string) => this.cache.drop(userId) };
    this.feed = changes ? new Feed(this.api, now, listener) : undefined;
  }

  /**
   * Who calls.
   *
   * @throws {Refused} when the token is none of Gatehouse's, has ended or was revoked
   * @throws {Unavailable} when that cannot be told at the moment
   */
  async verify(token: string): Promise<Principal> {
    const principal = this.recall(token) ?? (await this.verifyAnew(token));
    await this.feed?.start();
    this.expectLive(principal);
    return this.mustIntrospect() ? this.introspected(token, principal) : principal;
  }

  /**
   * What the caller may do in this application.
   *
   * With `changes` it is remembered until it changes. Otherwise Gatehouse is asked each time; with
   * `introspect: 'always'` the answer that came with the token serves once.
   */
  async permissions(principal: Principal): Promise<Permissions> {
    const token = this.tokens.get(principal);
    if (token === undefined) throw new TypeError('not a principal of this verifier');
    if (this.options.application === undefined) throw new TypeError('permissions() needs an application');
    const told = this.told.get(principal);
    if (told !== undefined) {
      this.told.delete(principal);
      return told;
    }
    this.expectLive(principal);
    const load = (): Promise<Permissions> => this.introspect(token, principal);
    return this.feed === undefined || this.mustIntrospect()
      ? load()
      : this.cache.get(principal, this.now(), load);
  }

  /** For how many seconds nothing was heard of changes; 0 while all is well. */
  get blindSeconds(): number {
    return this.feed?.blindSeconds ?? 0;
  }

  /** Ends what runs beside the requests. */
  close(): void {
    this.keys.close();
    this.feed?.close();
  }

  private recall(token: string): Principal | undefined {
    const known = this.remembered.get(token);
    // Another object means that the key is gone or has changed.
    return known !== undefined && this.keys.peek(known.kid) === known.key ? known.principal : undefined;
  }

  private async verifyAnew(token: string): Promise<Principal> {
    const kid = keyIdOf(token);
    const key = kid === undefined ? undefined : await this.keys.find(kid);
    if (kid === undefined || key === undefined) throw new Refused();
    const { issuer, audience } = this.options;
    const principal = await verifySigned(token, key, { issuer, audience, now: this.now() });
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(token, { kid, key, principal });
    this.tokens.set(principal, token);
    return principal;
  }

  private expectLive(principal: Principal): void {
    const isOver = principal.expiresAt + TOLERANCE <= this.now();
    if (isOver || this.feed?.hasEnded(principal.sessionId)) throw new Refused();
  }

  private mustIntrospect(): boolean {
    if (this.options.introspect === 'always') return true;
    const { whenBlind = 'accept' } = this.options;
    if (whenBlind === 'accept' || !this.feed?.isBlind) return false;
    if (whenBlind === 'refuse') throw new Unavailable('nothing was heard of revoked sessions for too long');
    return true;
  }

  /** A principal of this one request, so that its permissions are not taken for those of a later one. */
  private async introspected(token: string, { ...principal }: Principal): Promise<Principal> {
    const live = Object.freeze(principal);
    const permissions = await this.introspect(token, live);
    this.tokens.set(live, token);
    if (this.options.application !== undefined) this.told.set(live, permissions);
    return live;
  }

  private async introspect(token: string, { userId, sessionId }: Principal): Promise<Permissions> {
    const body = { token, application: this.options.application };
    const answer = await this.api.data('POST', '/tokens/introspect', { body }).catch((error: unknown) => {
      // Our key is at fault, not the caller.
      throw error instanceof CallFailed ? new Unavailable(error.message, error) : error;
    });
    if (answer['active'] !== true || answer['sub'] !== userId || answer['sid'] !== sessionId)
      throw new Refused();
    const { permissions } = answer;
    return new Set(Array.isArray(permissions) ? permissions.map(String) : []);
  }
}

export function createVerifier(options: VerifierOptions): Verifier {
  return new Verifier(options);
}

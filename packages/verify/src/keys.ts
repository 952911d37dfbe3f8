import { importJWK, type CryptoKey, type JWK } from 'jose';
import type { Api } from './api.ts';
import { Unavailable } from './errors.ts';

const SECOND = 1_000;
const REFRESH = 300 * SECOND;
/** Between two attempts that failed, and between two fetches for a key id that nobody knows. */
const PAUSE = 30 * SECOND;
const MOST_STALE = 24 * 3_600 * SECOND;

export interface Stale {
  /** How old the keys are that are still in use. */
  readonly ageSeconds: number;
  readonly error: unknown;
}

interface KnownKey {
  readonly jwk: JWK;
  readonly key: CryptoKey;
}

/**
 * The signing keys of Gatehouse.
 *
 * jose's own `createRemoteJWKSet` makes requests wait for a fetch once its copy is ten minutes old, and refuses them
 * all when the fetch fails. Here a fetch happens beside the requests, and the last keys stay until new ones are there.
 */
export class Keys {
  private known: ReadonlyMap<string, KnownKey> = new Map();
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private askedForUnknownAt = -Infinity;
  private failure: unknown;
  private flight: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly api: Api;
  private readonly now: () => number;
  private readonly onStale: ((stale: Stale) => void) | undefined;

  constructor(api: Api, now: () => number, onStale?: (stale: Stale) => void) {
    this.api = api;
    this.now = now;
    this.onStale = onStale;
    void this.fetch();
  }

  /** The key of this id as far as it is known now; it is another object when the key has changed. */
  peek(kid: string): CryptoKey | undefined {
    const now = this.now();
    // A timer does this too, but no timer runs while a machine sleeps.
    if (now - this.fetchedAt >= REFRESH && now - this.triedAt >= PAUSE) void this.fetch();
    return this.areUsable() ? this.known.get(kid)?.key : undefined;
  }

  /** @throws {Unavailable} when the key may exist and cannot be fetched */
  async find(kid: string): Promise<CryptoKey | undefined> {
    const key = this.peek(kid);
    if (key !== undefined) return key;
    const now = this.now();
    if (this.flight !== undefined) await this.flight;
    else if (!this.areUsable()) {
      // Without keys every request wants to fetch: one a second is enough.
      if (now - this.triedAt >= SECOND) await this.fetch();
    } else if (now - this.askedForUnknownAt >= PAUSE) {
      this.askedForUnknownAt = now;
      await this.fetch();
    }
    const found = this.areUsable() ? this.known.get(kid)?.key : undefined;
    if (found === undefined && this.failure !== undefined)
      throw new Unavailable('the keys of Gatehouse cannot be fetched', this.failure);
    return found;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private areUsable(): boolean {
    return this.now() - this.fetchedAt < MOST_STALE;
  }

  /** One flight at a time; it never rejects, as nobody waits for most of them. */
  private fetch(): Promise<void> {
    this.flight ??= this.fetchOnce().finally(() => {
      this.flight = undefined;
      this.schedule();
    });
    return this.flight;
  }

  private async fetchOnce(): Promise<void> {
    this.triedAt = this.now();
    try {
      const known = await this.imported(await this.api.jwks());
      // Gatehouse always has a key. An empty set is the answer of something that stands in its place.
      if (known.size === 0) throw new Error('a JWK set without a key for ES256');
      this.known = known;
      this.fetchedAt = this.now();
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
      const { onStale } = this;
      if (onStale === undefined || !this.areUsable()) return;
      const ageSeconds = Math.round((this.now() - this.fetchedAt) / SECOND);
      // Apart from here, so that a mistake in it refuses no request.
      queueMicrotask(() => onStale({ ageSeconds, error }));
    }
  }

  private async imported(jwks: readonly unknown[]): Promise<Map<string, KnownKey>> {
    const known = new Map<string, KnownKey>();
    for (const jwk of jwks.filter(isSigningKey)) {
      const before = this.known.get(jwk.kid);
      // The very object stays, because remembered tokens hold on to it.
      const same = before !== undefined && before.jwk.x === jwk.x && before.jwk.y === jwk.y;
      const key = same ? before.key : await importJWK(jwk, 'ES256').catch(() => undefined);
      if (key !== undefined && !(key instanceof Uint8Array)) known.set(jwk.kid, { jwk, key });
    }
    return known;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => void this.fetch(), this.failure === undefined ? REFRESH : PAUSE).unref();
  }
}

function isSigningKey(value: unknown): value is JWK & { kid: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, crv, kid, d, alg = 'ES256', use = 'sig' } = value as JWK;
  const isPublic = kty === 'EC' && crv === 'P-256' && d === undefined;
  return isPublic && alg === 'ES256' && use === 'sig' && typeof kid === 'string';
}

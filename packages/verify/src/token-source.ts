import { Api, type Connection } from './api.ts';
import { CallFailed, Refused, Unavailable } from './errors.ts';

/** Renewed this long before its end, so that a call under way does not outlive it. */
const AHEAD = 60_000;

export interface TokenSourceOptions extends Connection {
  readonly key: string;
  readonly now?: (() => number) | undefined;
}

export interface TokenSource {
  /** An access token that is good for a while. */
  (): Promise<string>;
  get(): Promise<string>;
}

/** Access tokens for calls to other services, made from a key. The key itself goes to Gatehouse alone. */
export function tokenSource({ key, now = Date.now, ...connection }: TokenSourceOptions): TokenSource {
  const api = new Api(connection);
  let current = { token: '', expiresAt: -Infinity };
  let flight: Promise<void> | undefined;

  async function renew(): Promise<void> {
    const body = { refresh_token: key };
    const data = await api.data('POST', '/tokens/renew_access', { body }).catch((error: unknown) => {
      // The key has ended, and what was made from it has ended with it.
      if (error instanceof CallFailed) current = { token: '', expiresAt: -Infinity };
      throw error instanceof CallFailed && error.status === 401 ? new Refused('invalid_token', error) : error;
    });
    const { access_token: token, access_token_expires_at: end } = data;
    const expiresAt = typeof end === 'string' ? Date.parse(end) : Number.NaN;
    if (typeof token !== 'string' || Number.isNaN(expiresAt)) throw new Unavailable('no access token came');
    current = { token, expiresAt };
  }

  async function get(): Promise<string> {
    if (current.expiresAt - AHEAD > now()) return current.token;
    flight ??= renew().finally(() => (flight = undefined));
    try {
      await flight;
    } catch (error) {
      // It is renewed early so that a short outage does not matter.
      if (current.expiresAt <= now()) throw error;
    }
    return current.token;
  }

  return Object.assign(() => get(), { get });
}

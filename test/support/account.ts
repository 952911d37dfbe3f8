import type { Answer, CallOptions, CreatedUser, SignInData, TestApp } from './app.ts';

/** What people choose when they set a new password. */
export const NEW_PASSWORD = 'harbour-violet-compass-88';

/** So that what a suite does from one address is not counted together, and password mails hold digits and a token. */
export const WIDE = {
  MAIL_LINK: 'https://app.example.com/account#{purpose}={code}',
  CODE_ADDRESS_REQUESTS: '1000000',
  SIGNIN_ADDRESS_ATTEMPTS: '1000000',
  HASH_QUEUE: '1000',
  HASH_WAIT: '20s',
} as const;

/** Somebody with an address. */
export interface Reachable extends CreatedUser {
  readonly email: string;
}

let made = 0;

/** An address that nobody has. */
export function newAddress(): string {
  made += 1;
  return `somebody-${process.pid}-${made}@example.com`;
}

export async function reachable(app: TestApp, given: object = {}): Promise<Reachable> {
  const email = newAddress();
  return { ...(await app.createUser({ email, ...given })), email };
}

/** Asks for a code that sets a forgotten password. */
export function forget(app: TestApp, username: string, options: CallOptions = {}) {
  return app.call('POST', '/password/codes', { ...options, body: { username } });
}

export function reset(app: TestApp, body: object, options: CallOptions = {}) {
  return app.call('POST', '/password/reset', {
    ...options,
    body: { new_password: NEW_PASSWORD, ...body },
  });
}

/** Signs in where it may fail. */
export function trySignIn(app: TestApp, username: string, password: string, options: CallOptions = {}) {
  return app.call<SignInData>('POST', '/signin', { ...options, body: { username, password } });
}

/** Six digits that are not these. */
export function wrong(code: string, nth = 1): string {
  return String((Number(code) + nth) % 1_000_000).padStart(6, '0');
}

/** How often each answer came, such as `200/0` or `403/16001`. */
export function tally(answers: ReadonlyArray<Answer<unknown>>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const answer = `${status}/${body.code}`;
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}

/** An answer without what differs between any two. */
export function bare({ status, headers, text }: Answer<unknown>): object {
  const { date: _date, 'x-request-id': _id, ...rest } = headers;
  return { status, headers: rest, text };
}

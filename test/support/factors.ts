import { spawnSync } from 'node:child_process';
import { Secret, TOTP } from 'otpauth';
import { expect } from 'vitest';
import { SECOND } from '../../src/platform/time/clock.ts';
import { reachable, trySignIn, type Reachable } from './account.ts';
import { refusal } from './administration.ts';
import { PASSWORD, type SignInData, type TestApp } from './app.ts';

/** What a sign-in that is not done answers. */
export interface Demand {
  readonly challenge: string;
  readonly challenge_expires_at: string;
  readonly factors?: readonly string[];
}

/** Somebody with an authenticator app. */
export interface Enrolled extends Reachable {
  /** Of the session in which the app was set up. */
  readonly token: string;
  readonly secret: string;
  readonly recovery: readonly string[];
}

/**
 * What an app shows: Debian's `oathtool` where it is installed, so that not our own library alone is asked.
 *
 * @param steps so many time steps later, or earlier
 */
export function codeOf(app: TestApp, secret: string, steps = 0): string {
  const seconds = Math.floor(app.clock.now() / SECOND) + 30 * steps;
  const args = ['--totp', '-b', `--now=@${seconds}`, secret];
  const { error, stdout } = spawnSync('oathtool', args, { encoding: 'utf8' });
  if (error === undefined) return stdout.trim();
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: seconds * SECOND });
}

/** Lets a time step pass, so that the next code is another one. */
export function nextCode(app: TestApp): void {
  app.clock.advance(30 * SECOND);
}

export async function enrolled(app: TestApp, given: object = {}): Promise<Enrolled> {
  const person = await reachable(app, given);
  const { access_token: token } = await app.signIn(person.username, PASSWORD);
  const proposed = await app.call<{ challenge: string; secret: string }>('POST', '/me/totp', { token });
  const { challenge, secret } = proposed.body.data;
  const body = { challenge, code: codeOf(app, secret) };
  const confirmed = await app.call<{ recovery_codes: string[] }>('POST', '/me/totp/confirm', { token, body });
  expect(confirmed.status, confirmed.text).toBe(200);
  nextCode(app);
  return { ...person, token, secret, recovery: confirmed.body.data.recovery_codes };
}

/** The demand that a right password meets; 11007 asks for a factor. */
export async function demandOf(app: TestApp, username: string, code = 11007): Promise<Demand> {
  const answer = await trySignIn(app, username, PASSWORD);
  expect(refusal(answer), answer.text).toEqual([401, code]);
  return answer.body.data as unknown as Demand;
}

/** The next step of a sign-in, by a code. */
export function show(app: TestApp, challenge: string, code: string) {
  return app.call<SignInData>('POST', '/signin/code', { body: { challenge, code } });
}

import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Answer, SignInData, TestApp } from './app.ts';
import { SoftwareAuthenticator, type Algorithm, type Twist } from './software-authenticator.ts';

export const ORIGIN = 'http://localhost:3000';
export const RP_ID = 'localhost';

/** The page that the passkeys of a test are used on. */
export const WITH_PASSKEYS = { WEBAUTHN_ORIGINS: ORIGIN } as const;

export interface PasskeyData {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly synced: boolean;
  readonly usable: boolean;
}

export interface AddedPasskey {
  readonly passkey: PasskeyData;
  readonly recovery_codes: readonly string[];
}

/** What a client is given to ask an authenticator with. */
export interface PasskeyDemand {
  readonly challenge: string;
  readonly challenge_expires_at: string;
  readonly passkey: {
    readonly challenge: string;
    readonly rpId?: string;
    readonly allowCredentials?: ReadonlyArray<{ readonly id: string }>;
  };
}

export function newPasskeyOptions(app: TestApp, token: string): Promise<Answer<PasskeyDemand>> {
  return app.call('POST', '/me/passkeys/options', { token });
}

export async function demandFor(app: TestApp, token: string): Promise<PasskeyDemand> {
  const { status, body } = await newPasskeyOptions(app, token);
  expect(status).toBe(200);
  return body.data;
}

export function add(
  app: TestApp,
  token: string,
  body: { readonly challenge: string; readonly credential: object; readonly name?: string },
): Promise<Answer<AddedPasskey>> {
  return app.call('POST', '/me/passkeys', { token, body: { name: 'My phone', ...body } });
}

/** What an authenticator is asked with on our page. */
export function asked({ passkey }: PasskeyDemand) {
  return { challenge: passkey.challenge, origin: ORIGIN, rpId: RP_ID };
}

interface Enrolment {
  readonly twist?: Twist;
  readonly name?: string;
  readonly algorithm?: Algorithm;
}

/** A passkey of a user, added through the API. */
export async function enrol(
  app: TestApp,
  { id, token }: { readonly id: string; readonly token: string },
  { twist = {}, name = 'My phone', algorithm }: Enrolment = {},
): Promise<AddedPasskey & { readonly authenticator: SoftwareAuthenticator }> {
  const authenticator = new SoftwareAuthenticator(id, randomBytes(16), algorithm);
  const demand = await demandFor(app, token);
  const credential = authenticator.create(asked(demand), twist);
  const { status, body, text } = await add(app, token, { challenge: demand.challenge, credential, name });
  expect(status, text).toBe(201);
  return { authenticator, ...body.data };
}

/** The first step of a sign-in with a password, where a passkey is asked for. */
export async function passwordFirst(
  app: TestApp,
  username: string,
  password: string,
): Promise<PasskeyDemand> {
  const answer = await app.call<PasskeyDemand>('POST', '/signin', { body: { username, password } });
  expect([answer.status, answer.body.code]).toEqual([401, 11007]);
  return answer.body.data;
}

/** The first step of a sign-in with a passkey alone. */
export async function passkeyAlone(app: TestApp): Promise<PasskeyDemand> {
  const answer = await app.call<PasskeyDemand>('POST', '/signin/passkey/options');
  expect(answer.status).toBe(200);
  return answer.body.data;
}

export function show(app: TestApp, challenge: string, credential: object): Promise<Answer<SignInData>> {
  return app.call('POST', '/signin/passkey', { body: { challenge, credential } });
}

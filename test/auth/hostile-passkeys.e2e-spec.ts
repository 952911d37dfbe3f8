import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WIDE } from '../support/account.ts';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import {
  add,
  asked,
  demandFor,
  enrol,
  passkeyAlone,
  passwordFirst,
  show,
  WITH_PASSKEYS,
  type PasskeyDemand,
} from '../support/passkeys.ts';
import { handleOf, SoftwareAuthenticator, type Twist } from '../support/software-authenticator.ts';

const REFUSED = [403, 11008];
/** Of what is written in hexadecimal. */
const bytes = (text: string) => Buffer.from(text, 'hex');

let app: TestApp;
let admin: Administration;
/** Somebody whose passkey everything is tried with. */
let owner: Person;
let authenticator: SoftwareAuthenticator;
let stranger: SoftwareAuthenticator;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, ...WITH_PASSKEYS } });
  admin = await Administration.of(app);
  owner = await admin.person();
  ({ authenticator } = await enrol(app, owner));
  stranger = (await enrol(app, await admin.person())).authenticator;
});
afterAll(() => app.close());

/** What is wrong with an answer whether a passkey is made or used. */
const COMMON: ReadonlyArray<readonly [what: string, twist: Twist]> = [
  ['nobody present', { flags: 4 }],
  ['nobody verified', { flags: 1 }],
  ['nobody present or verified', { flags: 0 }],
  ['copies that it cannot have', { flags: 5 + 16 }],
  ['another RP id', { rpId: 'example.com' }],
  ['a domain below ours', { rpId: 'app.localhost' }],
  ['another page', { client: { origin: 'https://evil.example.com' } }],
  ['another port', { client: { origin: 'http://localhost:3001' } }],
  ['no port', { client: { origin: 'http://localhost' } }],
  ['another scheme', { client: { origin: 'https://localhost:3000' } }],
  ['an address in place of the name', { client: { origin: 'http://127.0.0.1:3000' } }],
  ['a list of pages', { client: { origin: ['http://localhost:3000'] } }],
  ['no page', { client: { origin: undefined } }],
  ['another challenge', { client: { challenge: randomBytes(32).toString('base64url') } }],
  ['an empty challenge', { client: { challenge: '' } }],
  ['no challenge', { client: { challenge: undefined } }],
  ['no type', { client: { type: undefined } }],
  ['a payment', { client: { type: 'payment.get' } }],
  ['a frame in another page', { client: { crossOrigin: true } }],
  ['a frame in a named page', { client: { crossOrigin: true, topOrigin: 'https://evil.example.com' } }],
  ['a frame in our own page', { client: { crossOrigin: true, topOrigin: 'http://localhost:3000' } }],
  ['a top page without a frame', { client: { topOrigin: 'https://evil.example.com' } }],
  ['a crossOrigin that is a text', { client: { crossOrigin: 'false' } }],
  ['a token binding that is none', { client: { tokenBinding: { status: 'x' } } }],
];

/** What is wrong with a passkey that is made. */
const MADE: ReadonlyArray<readonly [what: string, twist: Twist]> = [
  ['the type of a use', { client: { type: 'webauthn.get' } }],
  ['an algorithm that nobody asked for (RS1)', { alg: -65_535 }],
  ['ES384', { alg: -35 }],
  ['PS256', { alg: -37 }],
  ['garbage', { attestationObject: Buffer.from('garbage') }],
  ['nothing', { attestationObject: Buffer.alloc(0) }],
  ['a number', { attestationObject: bytes('01') }],
  ['an empty map', { attestationObject: bytes('a0') }],
  ['an array that is said to be huge', { attestationObject: bytes('9bffffffffffffffff') }],
  ['bytes that are said to be many', { attestationObject: bytes('5affffffff') }],
  ['five thousand arrays in one another', { attestationObject: Buffer.alloc(5_000, 0x81) }],
  ['an unknown format', { fmt: 'none2' }],
  ['certificates nobody asked for', { fmt: 'packed', attStmt: bytes('a163783563814130') }],
  ['the format of an Android phone', { fmt: 'android-safetynet' }],
  ['the format of a TPM', { fmt: 'tpm' }],
  ['the format of U2F', { fmt: 'fido-u2f' }],
  ['a statement that is not empty', { attStmt: bytes('a1616101') }],
  ['a self-signature that is none', { fmt: 'packed', attStmt: bytes('a263616c6726637369674100') }],
];

/** What is wrong with a passkey that is used. */
const USED: ReadonlyArray<readonly [what: string, twist: Twist]> = [
  ['the type of a new one', { client: { type: 'webauthn.create' } }],
  ['a signature that is none', { signature: Buffer.from('garbage') }],
  ['an empty signature', { signature: Buffer.alloc(0) }],
  ['a signature of zeros', { signature: bytes('3006020100020100') }],
  ['somebody else’s user handle', { userHandle: handleOf('56b71c33-1dfd-42ce-b756-5c942461d6f6') }],
  ['an empty user handle', { userHandle: '' }],
];

type Created = ReturnType<SoftwareAuthenticator['create']>;
type Shown = ReturnType<SoftwareAuthenticator['get']>;

describe('a new passkey is refused with', () => {
  it.each([...COMMON, ...MADE])('%s', async (_, twist) => {
    expect(await offered(new SoftwareAuthenticator(owner.id), asIs, twist)).toEqual(REFUSED);
  });

  it.each<readonly [what: string, change: (credential: Created) => object]>([
    ['another kind of credential', (credential) => ({ ...credential, type: 'password' })],
    ['two names', (credential) => ({ ...credential, rawId: 'AAAA' })],
    ['a name that the authenticator did not give', (made) => ({ ...made, id: 'AAAA', rawId: 'AAAA' })],
    ['an empty name', (credential) => ({ ...credential, id: '', rawId: '' })],
    ['the answer of a use', () => stranger.get({ challenge: 'x', origin: 'x', rpId: 'x' })],
    ['data that is no JSON', (made) => ({ ...made, response: { ...made.response, clientDataJSON: 'e30x' } })],
    ['data that is null', (made) => ({ ...made, response: { ...made.response, clientDataJSON: 'bnVsbA' } })],
    ['data that is empty', (made) => ({ ...made, response: { ...made.response, clientDataJSON: '' } })],
  ])('%s', async (_, change) => {
    expect(await offered(new SoftwareAuthenticator(owner.id), change)).toEqual(REFUSED);
  });

  it('a name that is longer than names are', async () => {
    expect(await offered(new SoftwareAuthenticator(owner.id, randomBytes(1_100)), asIs)).toEqual(REFUSED);
  });

  it('and nothing is stored of any of them', async () => {
    const { body } = await app.call<{ passkeys: unknown[] }>('GET', '/me/factors', { token: owner.token });
    expect(body.data.passkeys).toHaveLength(1);
    expect(await offered(new SoftwareAuthenticator(owner.id), asIs)).toEqual([201, 0]);
  });

  function asIs(credential: Created): object {
    return credential;
  }

  async function offered(
    made: SoftwareAuthenticator,
    change: (credential: Created) => object,
    twist: Twist = {},
  ): Promise<readonly number[]> {
    const demand = await demandFor(app, owner.token);
    const credential = change(made.create(asked(demand), twist));
    return refusal(await add(app, owner.token, { challenge: demand.challenge, credential }));
  }
});

describe.each<readonly [how: string, begin: () => Promise<PasskeyDemand>]>([
  ['after the password', () => passwordFirst(app, owner.username, owner.password)],
  ['alone', () => passkeyAlone(app)],
])('a passkey shown %s is refused', (_how, begin) => {
  it.each([...COMMON, ...USED])('with %s, and the challenge stays', async (_, twist) => {
    const demand = await begin();
    expect(refusal(await show(app, demand.challenge, authenticator.get(asked(demand), twist)))).toEqual(
      REFUSED,
    );
    expect((await show(app, demand.challenge, authenticator.get(asked(demand)))).status).toBe(200);
  });

  it.each<readonly [what: string, change: (credential: Shown) => object]>([
    ['another kind of credential', (shown) => ({ ...shown, type: 'password' })],
    ['two names', (shown) => ({ ...shown, rawId: 'AAAA' })],
    ['an unknown name', (shown) => ({ ...shown, id: 'AAAA', rawId: 'AAAA' })],
    [
      'another spelling of its name',
      (shown) => ({ ...shown, id: respelt(shown.id), rawId: respelt(shown.id) }),
    ],
    [
      'the name of somebody else’s',
      (shown) => ({ ...shown, id: stranger.credentialId, rawId: stranger.credentialId }),
    ],
    ['the answer of a new one', () => stranger.create({ challenge: 'x', origin: 'x', rpId: 'x' })],
    ['garbage', (shown) => ({ ...shown, response: { ...shown.response, authenticatorData: 'AAAA' } })],
    ['more than it was signed with', (shown) => ({ ...shown, response: longer(shown.response) })],
    [
      'data that is null',
      (shown) => ({ ...shown, response: { ...shown.response, clientDataJSON: 'bnVsbA' } }),
    ],
  ])('with %s', async (_, change) => {
    const demand = await begin();
    const credential = change(authenticator.get(asked(demand)));
    expect(refusal(await show(app, demand.challenge, credential))).toEqual(REFUSED);
  });

  it('if it answers another challenge', async () => {
    const [demand, other] = [await begin(), await begin()];
    expect(refusal(await show(app, demand.challenge, authenticator.get(asked(other))))).toEqual(REFUSED);
  });

  it('if another key has signed it', async () => {
    const demand = await begin();
    const impostor = new SoftwareAuthenticator(owner.id, authenticator.id);
    expect(refusal(await show(app, demand.challenge, impostor.get(asked(demand))))).toEqual(REFUSED);
  });
});

/** Another text for the same bytes: the last character has bits that count for nothing. */
function respelt(id: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(id.at(-1) ?? '');
  return `${id.slice(0, -1)}${alphabet[last ^ 1]}`;
}

function longer(response: Shown['response']): object {
  const data = Buffer.from(String(Reflect.get(response, 'authenticatorData')), 'base64url');
  return { ...response, authenticatorData: Buffer.concat([data, Buffer.alloc(1)]).toString('base64url') };
}

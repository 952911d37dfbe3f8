import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { newAddress, tally, WIDE } from '../support/account.ts';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';
import { mailsTo } from '../support/mails.ts';
import {
  add,
  asked,
  demandFor,
  enrol,
  newPasskeyOptions,
  ORIGIN,
  WITH_PASSKEYS,
  type PasskeyData,
} from '../support/passkeys.ts';
import { handleOf, SoftwareAuthenticator } from '../support/software-authenticator.ts';

const NOBODYS = '56b71c33-1dfd-42ce-b756-5c942461d6f6';

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, ...WITH_PASSKEYS, SECOND_FACTOR_REQUIRED: 'guarded' } });
  admin = await Administration.of(app);
  await admin.role([], 'guarded');
});
afterAll(() => app.close());

interface Factors {
  readonly passkeys: readonly PasskeyData[];
  readonly recovery_codes_left: number;
}

async function factorsOf(token: string): Promise<Factors> {
  return (await app.call<Factors>('GET', '/me/factors', { token })).body.data;
}

const remove = (token: string, id: string) => app.call('DELETE', `/me/passkeys/${id}`, { token });
const rename = (token: string, id: string, name: unknown) =>
  app.call<PasskeyData>('PATCH', `/me/passkeys/${id}`, { token, body: { name } });

describe('a passkey', () => {
  it('is asked for so that it works alone, and tells nobody who it is for', async () => {
    const person = await admin.person();
    const demand = await demandFor(app, person.token);
    expect(demand.passkey).toMatchObject({
      rp: { id: 'localhost', name: 'Gatehouse' },
      user: { id: handleOf(person.id), name: person.username, displayName: 'A Person' },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ alg, type: 'public-key' })),
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [],
    });
    expect(demand.challenge).not.toContain(person.username);
    const left = Date.parse(demand.challenge_expires_at) - app.clock.now();
    expect(Math.abs(left - 10 * MINUTE)).toBeLessThan(MINUTE);
  });

  it('is added: other sessions end, the person is told, and the first one brings recovery codes', async () => {
    const email = newAddress();
    const person = await admin.person({ email });
    const other = await app.signIn(person.username, person.password);
    const first = await enrol(app, person, { name: ' My phone ', twist: { flags: 5 + 24 } });
    expect(first.recovery_codes).toHaveLength(10);
    expect(first.passkey).toMatchObject({ name: 'My phone', last_used_at: null, synced: true, usable: true });
    expect(refusal(await app.call('GET', '/me', { token: other.access_token }))).toEqual([401, 11002]);
    expect(await mailsTo(app, email)).toHaveLength(1);
    const event = (await admin.eventsOn(person.id)).find(({ action }) => action === 'factor.added');
    expect(event?.detail).toMatchObject({ factor: 'passkey', sessions_ended: 1 });

    app.clock.advance(1);
    const second = await enrol(app, person);
    expect([second.recovery_codes, second.passkey.synced]).toEqual([[], false]);
    const { passkeys, recovery_codes_left: left } = await factorsOf(person.token);
    expect(passkeys).toEqual([first.passkey, second.passkey]);
    expect(left).toBe(10);
    const { passkey } = await demandFor(app, person.token);
    expect(passkey).toMatchObject({
      excludeCredentials: [first, second].map(({ authenticator }) => ({ id: authenticator.credentialId })),
    });
  });

  it('is added in the session, by the person, in the time and for the purpose that it was asked for', async () => {
    const person = await admin.person();
    const demand = await demandFor(app, person.token);
    const credential = new SoftwareAuthenticator(person.id).create(asked(demand));
    const { challenge } = demand;
    const elsewhere = await app.signIn(person.username, person.password);
    const somebody = await admin.person();
    const { data: foreign } = (await app.call<{ challenge: string }>('POST', '/signin/passkey/options')).body;
    for (const [token, text] of [
      [elsewhere.access_token, challenge],
      [somebody.token, challenge],
      [person.token, foreign.challenge],
      [person.token, `${challenge.slice(0, -8)}AAAAAAAA`],
      [person.token, 'x'],
    ] as const)
      expect(refusal(await add(app, token, { challenge: text, credential }))).toEqual([403, 11009]);

    const parallel = await Promise.all(
      Array.from({ length: 5 }, () => add(app, person.token, { challenge, credential })),
    );
    // Who comes later finds the challenge used, or the credential taken.
    const { '201/0': done, '403/11009': _used, '403/11008': _taken, ...rest } = tally(parallel);
    expect([done, rest]).toEqual([1, {}]);
    expect(refusal(await add(app, person.token, { challenge, credential }))).toEqual([403, 11009]);

    const late = await demandFor(app, person.token);
    app.clock.advance(10 * MINUTE);
    const tooLate = new SoftwareAuthenticator(person.id).create(asked(late));
    const answer = await add(app, person.token, { challenge: late.challenge, credential: tooLate });
    expect(refusal(answer)).toEqual([403, 11009]);
    admin = await Administration.of(app);
  });

  it('is asked for and removed in a fresh session only', async () => {
    const person = await admin.person();
    const { passkey } = await enrol(app, person);
    app.clock.advance(11 * MINUTE);
    expect(refusal(await newPasskeyOptions(app, person.token))).toEqual([403, 11012]);
    expect(refusal(await remove(person.token, passkey.id))).toEqual([403, 11012]);
    expect((await rename(person.token, passkey.id, 'Old')).body.data.name).toBe('Old');
    admin = await Administration.of(app);
  });

  it('belongs to one person, once', async () => {
    const [mine, theirs] = [await admin.person(), await admin.person()];
    const { authenticator } = await enrol(app, mine);
    for (const { token } of [mine, theirs]) {
      const demand = await demandFor(app, token);
      const credential = authenticator.create(asked(demand));
      expect(refusal(await add(app, token, { challenge: demand.challenge, credential }))).toEqual([
        403, 11008,
      ]);
    }
    expect((await factorsOf(theirs.token)).passkeys).toEqual([]);
  });

  it('is one of ten at most, however many come at once', async () => {
    const person = await admin.person();
    for (let n = 0; n < 8; n += 1) await enrol(app, person);
    const demands = await Promise.all(Array.from({ length: 6 }, () => demandFor(app, person.token)));
    const answers = await Promise.all(
      demands.map((demand) => {
        const credential = new SoftwareAuthenticator(person.id).create(asked(demand));
        return add(app, person.token, { challenge: demand.challenge, credential });
      }),
    );
    expect(tally(answers)).toEqual({ '201/0': 2, '409/12014': 4 });
    expect(refusal(await newPasskeyOptions(app, person.token))).toEqual([409, 12014]);
    expect((await factorsOf(person.token)).passkeys).toHaveLength(10);
  });

  it('is renamed by its owner alone', async () => {
    const [mine, theirs] = [await admin.person(), await admin.person()];
    const { passkey } = await enrol(app, mine);
    const renamed = await rename(mine.token, passkey.id, ' Schlüssel ');
    expect(renamed.body.data).toEqual({ ...passkey, name: 'Schlüssel' });
    for (const id of [NOBODYS, 'x', `${passkey.id}%20`])
      expect(refusal(await rename(mine.token, id, 'x'))).toEqual([404, 12013]);
    expect(refusal(await rename(theirs.token, passkey.id, 'Mine now'))).toEqual([404, 12013]);
    expect(refusals(await rename(mine.token, passkey.id, ' '))).toEqual(['name: length']);
    expect(refusals(await rename(mine.token, passkey.id, 'x'.repeat(65)))).toEqual(['name: length']);
    expect((await factorsOf(mine.token)).passkeys[0]?.name).toBe('Schlüssel');
  });

  it('is removed by its owner alone, and the last one takes the recovery codes along', async () => {
    const email = newAddress();
    const [mine, theirs] = [await admin.person({ email }), await admin.person()];
    const [first, second] = [await enrol(app, mine), await enrol(app, mine)];
    for (const [token, id] of [
      [mine.token, NOBODYS],
      [mine.token, 'x'],
      [theirs.token, first.passkey.id],
    ] as const)
      expect(refusal(await remove(token, id))).toEqual([404, 12013]);
    expect((await remove(mine.token, first.passkey.id)).status).toBe(200);
    expect(await factorsOf(mine.token)).toMatchObject({
      passkeys: [second.passkey],
      recovery_codes_left: 10,
    });
    expect((await remove(mine.token, second.passkey.id)).status).toBe(200);
    expect(await factorsOf(mine.token)).toMatchObject({ passkeys: [], recovery_codes_left: 0 });
    expect((await app.signIn(mine.username, mine.password)).access_token).toBeTruthy();
    expect(await mailsTo(app, email)).toHaveLength(4);
    const actions = (await admin.eventsOn(mine.id)).map(({ action }) => action);
    expect(actions.filter((action) => action === 'factor.removed')).toHaveLength(2);
    expect((await enrol(app, mine)).recovery_codes).toHaveLength(10);
  });

  it('stays, if it is the last factor of somebody who must have one', async () => {
    const person = await admin.person();
    const [first, second] = [await enrol(app, person), await enrol(app, person)];
    await admin.done('PUT', `/users/${person.id}/roles`, { roles: ['guarded'] });
    const answers = await Promise.all([first, second].map(({ passkey }) => remove(person.token, passkey.id)));
    expect(tally(answers)).toEqual({ '200/0': 1, '409/12012': 1 });
    const { passkeys, recovery_codes_left: left } = await factorsOf(person.token);
    expect([passkeys.length, left]).toEqual([1, 10]);
  });
});

describe('a passkey of another domain', () => {
  it('is shown as one that does not work, and can be removed', async () => {
    const person = await admin.person();
    await enrol(app, person);
    const env = { WEBAUTHN_RP_ID: 'example.com', WEBAUTHN_ORIGINS: 'https://id.example.com' };
    const moved = await startApp({ env, testDatabase: app.testDatabase, clock: app.clock });
    try {
      const { body } = await moved.call<Factors>('GET', '/me/factors', { token: person.token });
      const [passkey] = body.data.passkeys;
      expect(passkey?.usable).toBe(false);
      const removed = await moved.call('DELETE', `/me/passkeys/${passkey?.id}`, { token: person.token });
      expect(removed.status).toBe(200);
    } finally {
      await moved.close();
    }
  });
});

describe('a credential in a body', () => {
  let person: Person;
  beforeAll(async () => void (person = await admin.person()));

  const given = async (change: (credential: ReturnType<SoftwareAuthenticator['create']>) => object) => {
    const demand = await demandFor(app, person.token);
    const credential = change(new SoftwareAuthenticator(person.id).create(asked(demand)));
    return add(app, person.token, { challenge: demand.challenge, credential });
  };

  it('may hold what browsers add, and is read no further', async () => {
    const answer = await given(({ response, ...rest }) => ({
      ...rest,
      toJSON: { is: 'not ours' },
      response: { ...response, publicKey: 'AAAA', authenticatorData: 'AAAA', later: [1] },
    }));
    expect(answer.status, answer.text).toBe(201);
  });

  it.each([
    ['no base64url', { id: 'a b' }, ['credential.id: base64url']],
    ['padding', { rawId: 'AAA=' }, ['credential.rawId: base64url']],
    ['a number', { id: 1 }, ['credential.id: string']],
    ['no answer', { response: 'x' }, ['credential.response: object']],
    ['an empty answer', { response: {} }, ['credential.response.clientDataJSON: required']],
    ['null', { response: null }, ['credential.response: object']],
    ['more than 8 KiB', { id: 'A'.repeat(8_192) }, ['credential.response: size']],
  ])('is refused with %s', async (_, changes, expected) => {
    expect(refusals(await given((credential) => ({ ...credential, ...changes })))).toEqual(expected);
  });

  it('is an object', async () => {
    expect(refusals(await given(() => []))).toEqual(['credential: object']);
  });
});

describe('where passkeys are used', () => {
  it('is the page of the test', () => {
    expect(app.config.factors).toMatchObject({ rpId: 'localhost', origins: [ORIGIN] });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { newAddress, tally, WIDE } from '../support/account.ts';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { mailsTo } from '../support/mails.ts';
import {
  asked,
  enrol,
  passkeyAlone,
  passwordFirst,
  show,
  WITH_PASSKEYS,
  type PasskeyDemand,
} from '../support/passkeys.ts';
import type { SoftwareAuthenticator, Twist } from '../support/software-authenticator.ts';

const REFUSED = [403, 11008];

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

describe.each<readonly [how: string, begin: () => Promise<PasskeyDemand>]>([
  ['after the password', () => passwordFirst(app, owner.username, owner.password)],
  ['alone', () => passkeyAlone(app)],
])('a passkey shown %s', (_how, begin) => {
  it('opens a session, once', async () => {
    const demand = await begin();
    const credential = authenticator.get(asked(demand));
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => show(app, demand.challenge, credential)),
    );
    const { '200/0': opened, '403/11009': _late, ...rest } = tally(answers);
    expect([opened, rest]).toEqual([1, {}]);
    expect(refusal(await show(app, demand.challenge, credential))).toEqual([403, 11009]);
    const signedIn = answers.find(({ status }) => status === 200);
    const token = signedIn?.body.data.access_token ?? '';
    const { body } = await app.call<{ passkeys: Array<{ last_used_at: string | null }> }>(
      'GET',
      '/me/factors',
      {
        token,
      },
    );
    // The database's clock may be some milliseconds off.
    const usedAt = Date.parse(body.data.passkeys[0]?.last_used_at ?? '');
    expect(Math.abs(usedAt - app.clock.now())).toBeLessThan(1_000);
  });

  it('is worthless when the time is over', async () => {
    const demand = await begin();
    app.clock.advance(5 * MINUTE);
    expect(refusal(await show(app, demand.challenge, authenticator.get(asked(demand))))).toEqual([
      403, 11009,
    ]);
  });
});

describe('a passkey', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('may sign with %s', async (algorithm) => {
    const { authenticator: theirs } = await enrol(app, await admin.person(), { algorithm });
    const demand = await passkeyAlone(app);
    const bad = theirs.get(asked(demand), { signature: Buffer.alloc(64, 1) });
    expect(refusal(await show(app, demand.challenge, bad))).toEqual(REFUSED);
    expect((await show(app, demand.challenge, theirs.get(asked(demand)))).status).toBe(200);
  });

  it('is asked for with the names of one’s own after the password, and without any alone', async () => {
    const demand = await passwordFirst(app, owner.username, owner.password);
    expect(demand).toMatchObject({ factors: expect.arrayContaining(['passkey']) });
    const own = { id: authenticator.credentialId, type: 'public-key', transports: ['internal'] };
    const common = { rpId: 'localhost', userVerification: 'required' };
    expect(demand.passkey).toMatchObject({ ...common, allowCredentials: [own] });
    expect((await passkeyAlone(app)).passkey).toMatchObject({ ...common, allowCredentials: [] });
  });

  it('of somebody else is no second factor', async () => {
    const demand = await passwordFirst(app, owner.username, owner.password);
    expect(refusal(await show(app, demand.challenge, stranger.get(asked(demand))))).toEqual(REFUSED);
  });

  it('of somebody who is disabled opens nothing', async () => {
    const person = await admin.person();
    const { authenticator: theirs } = await enrol(app, person);
    const demand = await passkeyAlone(app);
    await admin.done('POST', `/users/${person.id}/disable`);
    expect(refusal(await show(app, demand.challenge, theirs.get(asked(demand))))).toEqual(REFUSED);
  });

  it('that was removed opens nothing', async () => {
    const person = await admin.person();
    const { authenticator: theirs, passkey } = await enrol(app, person);
    const demand = await passkeyAlone(app);
    await app.call('DELETE', `/me/passkeys/${passkey.id}`, { token: person.token });
    expect(refusal(await show(app, demand.challenge, theirs.get(asked(demand))))).toEqual(REFUSED);
  });

  it('of another domain is neither asked for nor accepted', async () => {
    const person = await admin.person();
    const { authenticator: theirs } = await enrol(app, person);
    const env = { ...WIDE, WEBAUTHN_RP_ID: 'example.com', WEBAUTHN_ORIGINS: 'https://example.com' };
    const moved = await startApp({ env, testDatabase: app.testDatabase, clock: app.clock });
    try {
      const demand = await passkeyAlone(moved);
      const at = { ...asked(demand), origin: 'https://example.com', rpId: 'example.com' };
      expect(refusal(await show(moved, demand.challenge, theirs.get(at)))).toEqual(REFUSED);
      const second = await passwordFirst(moved, person.username, person.password);
      expect(second.passkey?.allowCredentials ?? []).toEqual([]);
    } finally {
      await moved.close();
    }
  });
});

describe('the count of an authenticator', () => {
  async function counted(counter: number) {
    const email = newAddress();
    const person = await admin.person({ email });
    const made = await enrol(app, person, { twist: { counter } });
    const use = async (twist: Twist) => {
      const demand = await passkeyAlone(app);
      return (await show(app, demand.challenge, made.authenticator.get(asked(demand), twist))).status;
    };
    const alarms = async () =>
      (await admin.eventsOn(person.id)).filter(({ action }) => action === 'passkey.counter_fell').length;
    const mails = async () => (await mailsTo(app, email)).length;
    return { use, alarms, mails };
  }

  it('may stay at 0, or rise', async () => {
    const still = await counted(0);
    expect([await still.use({ counter: 0 }), await still.use({ counter: 0 })]).toEqual([200, 200]);
    const rising = await counted(3);
    expect([await rising.use({ counter: 4 }), await rising.use({ counter: 900 })]).toEqual([200, 200]);
    expect([await still.alarms(), await rising.alarms()]).toEqual([0, 0]);
  });

  it('is told to the person and recorded if it falls or stays, and refuses nobody', async () => {
    const { use, alarms, mails } = await counted(7);
    const before = await mails();
    expect([await use({ counter: 7 }), await alarms()]).toEqual([200, 1]);
    expect([await use({ counter: 3 }), await alarms()]).toEqual([200, 2]);
    expect([await use({ counter: 4 }), await alarms()]).toEqual([200, 2]);
    expect([await use({ counter: 0 }), await alarms()]).toEqual([200, 3]);
    expect([await use({ counter: 0 }), await alarms()]).toEqual([200, 3]);
    expect((await mails()) - before).toBeGreaterThanOrEqual(3);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../src/keyring/keyring.ts';
import { KeyUses } from '../../src/keyring/key-uses.ts';
import { retireKeys, rotateKeys } from '../../src/keyring/key-rotation.ts';
import { TotpFactors } from '../../src/factors/totp.service.ts';
import { DAY, HOUR, MINUTE } from '../../src/platform/time/clock.ts';
import { NEW_PASSWORD, reachable, reset, forget, tally, WIDE } from '../support/account.ts';
import { refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { codeOf, demandOf, enrolled, nextCode, show } from '../support/factors.ts';
import { lastMailTo } from '../support/mails.ts';

const LIMITS = { ...WIDE, SIGNIN_ACCOUNT_ATTEMPTS: '1000000', LOG_LEVEL: 'trace' };
let app: TestApp;
let other: TestApp;
beforeAll(async () => {
  app = await startApp({ env: LIMITS });
  // On SQLite there is one server.
  const { testDatabase, clock } = app;
  other = testDatabase.lane === 'mysql' ? await startApp({ testDatabase, clock, env: LIMITS }) : app;
});
afterAll(async () => {
  if (other !== app) await other.close();
  await app.close();
});

const wrong = (code: string, nth: number) => String((Number(code) + 1 + nth) % 1_000_000).padStart(6, '0');

describe('a second factor', () => {
  it('opens one session for one code, whatever process and challenge it is shown to', async () => {
    const { username, secret } = await enrolled(app);
    const challenges = await Promise.all(Array.from({ length: 5 }, () => demandOf(app, username)));
    const code = codeOf(app, secret);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, nth) =>
        show(nth % 2 === 0 ? app : other, challenges[nth % 5]?.challenge ?? '', code),
      ),
    );
    const { '200/0': opened, ...refused } = tally(answers);
    expect(opened).toBe(1);
    expect(Object.keys(refused).filter((one) => !/^(?:403\/1100[89]|429\/10008)$/.test(one))).toEqual([]);
  });

  it('opens one session for one recovery code, too', async () => {
    const { username, recovery } = await enrolled(app);
    const challenges = await Promise.all(Array.from({ length: 5 }, () => demandOf(other, username)));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, nth) =>
        show(nth % 2 === 0 ? app : other, challenges[nth % 5]?.challenge ?? '', recovery[0] ?? ''),
      ),
    );
    expect(tally(answers)['200/0']).toBe(1);
  });

  it('is guessed at most 100 times in 30 days from networks that are not its owner’s, right passwords between', async () => {
    const { id, username, secret } = await enrolled(app);
    let compared = 0;
    const begun = app.clock.now();
    while (app.clock.now() - begun < 29 * DAY) {
      const { challenge } = await demandOf(app, username);
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, nth) => show(other, challenge, wrong(codeOf(app, secret), nth))),
      );
      compared += tally(answers)['403/11008'] ?? 0;
      app.clock.advance(compared < 90 ? 20 * MINUTE : 12 * HOUR);
    }
    expect(compared).toBeLessThanOrEqual(100);
    expect(compared).toBeGreaterThan(90);
    const { access_token: token } = await app.signIn();
    const events = await app.call<{ items: Array<{ action: string }> }>(
      'GET',
      `/audit-events?target_id=${id}&action=factor.limited`,
      { token },
    );
    expect(events.body.data.items.some(({ action }) => action === 'factor.limited')).toBe(true);
  }, 120_000);

  it('is asked for after a reset by mail, which opens nothing', async () => {
    const { username, email, secret } = await enrolled(app);
    await forget(app, username);
    const { code } = await lastMailTo(app, email);
    expect((await reset(app, { username, code })).status).toBe(200);
    const answer = await app.call('POST', '/signin', { body: { username, password: NEW_PASSWORD } });
    expect(refusal(answer)).toEqual([401, 11007]);
    const { challenge } = answer.body.data as { challenge: string };
    expect((await show(app, challenge, codeOf(app, secret))).status).toBe(200);
  });

  it('is set up once by parallel calls, and only one of them gets recovery codes', async () => {
    const person = await reachable(app);
    const { access_token: token } = await app.signIn(person.username, PASSWORD);
    const proposals = await Promise.all(
      [app, other, app, other].map((on) =>
        on.call<{ challenge: string; secret: string }>('POST', '/me/totp', { token }),
      ),
    );
    const answers = await Promise.all(
      proposals.map(({ body: { data } }, nth) =>
        (nth % 2 === 0 ? app : other).call('POST', '/me/totp/confirm', {
          token,
          body: { challenge: data.challenge, code: codeOf(app, data.secret) },
        }),
      ),
    );
    expect(tally(answers)).toEqual({ '200/0': 1, '403/11009': 3 });
  });

  it('takes challenges of its own kind and person alone', async () => {
    const [one, two] = [await enrolled(app), await enrolled(app)];
    const { challenge } = await demandOf(app, one.username);
    const proposed = await app.call<{ challenge: string }>('POST', '/me/totp', { token: two.token });
    const options = await app.call<{ challenge: string }>('POST', '/signin/passkey/options', {});
    const code = codeOf(app, one.secret);
    for (const foreign of [proposed.body.data.challenge, options.body.data.challenge, `${challenge}A`, 'x'])
      expect(refusal(await show(app, foreign, code))).toEqual([403, 11009]);
    const confirm = (token: string, given: string) =>
      app.call('POST', '/me/totp/confirm', { token, body: { challenge: given, code } });
    expect(refusal(await confirm(one.token, proposed.body.data.challenge))).toEqual([403, 11009]);
    expect(refusal(await confirm(two.token, challenge))).toEqual([403, 11009]);
    expect(refusal(await show(app, challenge, codeOf(app, two.secret)))).toEqual([403, 11008]);
    app.clock.advance(5 * MINUTE);
    expect(refusal(await show(app, challenge, codeOf(app, one.secret)))).toEqual([403, 11009]);
  });

  it('ends every other session with each change, and the rows agree with what the user says', async () => {
    const person = await enrolled(app);
    const signIn = async () => {
      const { challenge } = await demandOf(app, person.username);
      const answer = await show(app, challenge, codeOf(app, person.secret));
      expect(answer.status, answer.text).toBe(200);
      nextCode(app);
      return answer.body.data.access_token;
    };
    const isLive = async (token: string) => (await app.call('GET', '/me', { token })).status === 200;
    let own = await signIn();
    for (const change of ['recovery_codes', 'totp'] as const) {
      const [before, kept] = [own, await signIn()];
      const method = change === 'totp' ? 'DELETE' : 'POST';
      const answer = await other.call(method, `/me/${change}`, { token: kept });
      expect(answer.status, answer.text).toBe(200);
      expect([await isLive(before), await isLive(kept)]).toEqual([false, true]);
      own = kept;
    }
    const [row] = await app.database.query<Array<Record<string, number | null>>>(
      `SELECT second_factor_at AS at, (SELECT COUNT(*) FROM totp_factors WHERE user_id = users.id) AS apps,
         (SELECT COUNT(*) FROM recovery_codes WHERE user_id = users.id) AS codes FROM users WHERE id = ?`,
      [person.id],
    );
    expect([row?.['at'], Number(row?.['apps']), Number(row?.['codes'])]).toEqual([null, 0, 0]);
  });

  it('stands at rest and in talk nowhere', async () => {
    const { secret, recovery, username, token } = await enrolled(app);
    const { challenge } = await demandOf(app, username);
    await show(app, challenge, recovery[9] ?? '');
    const exported = await app.call('GET', '/me/export', { token });
    const everywhere = [await app.dump(), ...app.lines, ...other.lines, exported.text].join('\n');
    const bare = recovery.map((code) => code.replaceAll('-', ''));
    for (const canary of [secret, challenge, ...recovery, ...bare]) expect(everywhere).not.toContain(canary);
  });

  it('outlives a rotation of the sealing key; a key that is lost is a failure of ours', async () => {
    const { username, secret } = await enrolled(app);
    const file = app.config.keyring.keysFile;
    const reread = () => [app, other].forEach((on) => on.nest.get(Keyring, { strict: false }).reread());
    const uses = app.nest.get(KeyUses, { strict: false });
    const totp = app.nest.get(TotpFactors, { strict: false });
    const [row] = await app.database.query<Array<{ kid: string }>>('SELECT key_id AS kid FROM totp_factors');
    await rotateKeys(file, { now: app.clock.now(), uses: ['enc'], force: true });
    reread();
    expect(await uses.inWords(row?.kid ?? '')).toContain('totp_factors');
    const first = await demandOf(app, username);
    expect((await show(app, first.challenge, codeOf(app, secret))).status).toBe(200);
    while ((await totp.reseal()) > 0);
    expect(await uses.inWords(row?.kid ?? '')).not.toContain('totp_factors');
    nextCode(app);
    const second = await demandOf(app, username);
    expect((await show(app, second.challenge, codeOf(app, secret))).status).toBe(200);

    await rotateKeys(file, { now: app.clock.now(), uses: ['enc'], force: true });
    await retireKeys(file, { now: app.clock.now(), accessTtl: 0, uses: ['enc'], force: true });
    reread();
    nextCode(app);
    const { challenge } = await demandOf(app, username);
    expect(refusal(await show(app, challenge, codeOf(app, secret)))).toEqual([503, 10010]);
    expect([...app.lines, ...other.lines].join('')).toContain(
      'a secret is sealed with a key that is not in KEYS_FILE',
    );
  });
});

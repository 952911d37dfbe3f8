import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApp, type SignInData, type TestApp } from '../support/app.ts';
import { expectEnvelope, expectFailure } from '../support/envelope.ts';

interface Renewed {
  readonly access_token: string;
  readonly access_token_expires_at: string;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let app: TestApp;
let session: SignInData;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  const user = await app.createUser();
  session = await app.signIn(user.username, user.password);
});

const renew = (refresh_token: unknown = session.refresh_token) =>
  app.call<Renewed>('POST', '/tokens/renew_access', { body: { refresh_token } });
const revoke = (refresh_token: unknown = session.refresh_token) =>
  app.call('POST', '/tokens/revoke', { body: { refresh_token } });
/** Use is written down beside the request; time must not move on before it is. */
const lastSeenAt = async () => {
  const sql = 'SELECT last_seen_at AS seen FROM sessions WHERE id = ?';
  return (await app.database.query<Array<{ seen: number }>>(sql, [session.session_id]))[0]?.seen;
};
const me = (token: string = session.access_token) => app.call('GET', '/me', { token });

function expiryOf(token: string): string {
  const { exp }: { exp: number } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return new Date(exp * 1_000).toISOString();
}

describe('POST /tokens/renew_access', () => {
  it('answers exactly a new access token and its expiry', async () => {
    app.clock.advance(5 * MINUTE);
    const answer = await renew();
    expect(answer.status, answer.text).toBe(200);
    expectEnvelope(answer);
    const { data } = answer.body;
    expect(Object.keys(data)).toEqual(['access_token', 'access_token_expires_at']);
    expect(data.access_token_expires_at).toBe(expiryOf(data.access_token));
    expect(data.access_token).not.toBe(session.access_token);
    expect((await me(data.access_token)).status).toBe(200);
    expect((await me()).status, 'the token before it stays good').toBe(200);
  });

  it('succeeds 50 times at once, again and again', async () => {
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => renew()));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
      expect(new Set(answers.map(({ body }) => body.data.access_token)).size).toBe(50);
    }
  });

  it('makes up for an access token that has ended', async () => {
    app.clock.advance(16 * MINUTE);
    expectFailure(await me(), 401, 11002);
    const { data } = (await renew()).body;
    expect((await me(data.access_token)).status).toBe(200);
  });

  it('ends with a week without use, and not before', async () => {
    app.clock.advance(7 * DAY - MINUTE);
    expect((await renew()).status).toBe(200);
    app.clock.advance(7 * DAY + MINUTE);
    expectFailure(await renew(), 401, 11003);
  });

  it('never prolongs the session: its end is absolute, and no access token outlives it', async () => {
    for (let day = 0; day < 29; day += 6) {
      app.clock.advance(6 * DAY - (day === 24 ? 10 * MINUTE : 0));
      const answer = await renew();
      // Written down beside the request, and by the next one if the one before is still being written.
      await vi.waitFor(async () => {
        await renew();
        expect(await lastSeenAt()).toBe(app.clock.now());
      }, 5_000);
      if (day === 24) {
        const end = new Date(Math.floor(Date.parse(session.refresh_token_expires_at) / 1_000) * 1_000);
        expect(answer.body.data.access_token_expires_at).toBe(end.toISOString());
      }
    }
    app.clock.advance(10 * MINUTE);
    expectFailure(await renew(), 401, 11003);
  });

  it('compares the token exactly as it was sent', async () => {
    const token = session.refresh_token;
    const altered = [
      token.toUpperCase(),
      ` ${token}`,
      `${token} `,
      token.slice(0, -1),
      `${token}A`,
      token.replace(/^[a-z]+_/, ''),
      session.access_token,
      session.session_id,
      'canary',
      '%',
      '好',
    ];
    for (const value of altered) expectFailure(await renew(value), 401, 11003);
    const [one, other] = [await renew('unknown'), await renew(altered[0])];
    expect(one.text).toBe(other.text);
    expect((await renew()).status).toBe(200);
  });

  it.each([[''], ['x'.repeat(513)], [undefined]])('refuses %j as no token at all', async (value) => {
    expectFailure(await renew(value ?? null), 400, 10001);
  });

  it('does not take an access token for a refresh token, nor the other way round', async () => {
    expectFailure(await renew(session.access_token), 401, 11003);
    expectFailure(await me(session.refresh_token), 401, 11002);
  });
});

describe('POST /tokens/revoke', () => {
  it('ends the session at once, for both of its tokens', async () => {
    const answer = await revoke();
    expect([answer.status, answer.text]).toEqual([200, '{"code":0,"data":null,"msg":"ok"}']);
    expectFailure(await me(), 401, 11002);
    expectFailure(await renew(), 401, 11003);
  });

  it('succeeds again, and for tokens that never were', async () => {
    for (const token of [session.refresh_token, session.refresh_token, 'unknown', '好']) {
      expect((await revoke(token)).text).toBe('{"code":0,"data":null,"msg":"ok"}');
    }
  });

  it('ends that session and no other', async () => {
    const user = await app.createUser();
    const [one, other] = [
      await app.signIn(user.username, user.password),
      await app.signIn(user.username, user.password),
    ];
    await revoke(one.refresh_token);
    expectFailure(await me(one.access_token), 401, 11002);
    expect((await me(other.access_token)).status).toBe(200);
    expect((await me()).status).toBe(200);
  });
});

describe('POST /signout', () => {
  it('ends the current session, for every token of it', async () => {
    const { data } = (await renew()).body;
    const answer = await app.call('POST', '/signout', { token: data.access_token });
    expect([answer.status, answer.text]).toEqual([200, '{"code":0,"data":null,"msg":"ok"}']);
    expectFailure(await me(), 401, 11002);
    expectFailure(await me(data.access_token), 401, 11002);
    expectFailure(await renew(), 401, 11003);
  });

  it('is asked twice at once and answers 200 or 401, nothing else', async () => {
    const token = session.access_token;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => app.call('POST', '/signout', { token })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    for (const status of statuses) expect([200, 401]).toContain(status);
  });

  it('lets no call succeed that starts after its answer', async () => {
    const user = await app.createUser();
    for (let round = 0; round < 10; round += 1) {
      const { access_token, refresh_token } = await app.signIn(user.username, user.password);
      const before = Array.from({ length: 5 }, () => me(access_token));
      await app.call('POST', '/signout', { token: access_token });
      const after = await Promise.all([me(access_token), renew(refresh_token), me(access_token)]);
      expect(after.map(({ status }) => status)).toEqual([401, 401, 401]);
      await Promise.all(before);
    }
  });
});

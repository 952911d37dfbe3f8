import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { startApp, type CreatedUser, type SignInData, type TestApp } from '../support/app.ts';
import { expectFailure, refusals } from '../support/envelope.ts';

interface SessionItem {
  readonly id: string;
  readonly user_agent: string;
  readonly ip: string;
  readonly created_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
  readonly current: boolean;
}
interface SessionList {
  readonly items: readonly SessionItem[];
  readonly total: number;
  readonly page: number;
  readonly page_size: number;
}

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { MAX_SESSIONS_PER_USER: '4', HASH_WAIT: '20s' } });
});
afterAll(() => app.close());

async function signIn(user: CreatedUser, options = {}): Promise<SignInData> {
  const session = await app.signIn(user.username, user.password, options);
  app.clock.advance(1_000);
  return session;
}

async function list(token: string, query = ''): Promise<SessionList> {
  const answer = await app.call<SessionList>('GET', `/me/sessions${query}`, { token });
  expect(answer.status, answer.text).toBe(200);
  return answer.body.data;
}

async function statusOf(session: SignInData): Promise<number> {
  return (await app.call('GET', '/me', { token: session.access_token })).status;
}

/** What is written beside a request shows a moment after its answer. */
async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const value = await read();
    if (holds(value) || attempt === 50) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('GET /me/sessions', () => {
  it('lists the live sessions, newest first, and says which one asks', async () => {
    const user = await app.createUser();
    const first = await signIn(user, { headers: { 'user-agent': 'First/1.0' }, from: '127.0.0.2' });
    const second = await signIn(user, { headers: { 'user-agent': 'Second/2.0' }, from: '127.0.0.3' });

    const { items, ...page } = await list(first.access_token);
    expect(page).toEqual({ total: 2, page: 1, page_size: 20 });
    expect(items.map(({ id, user_agent, ip, current }) => ({ id, user_agent, ip, current }))).toEqual([
      { id: second.session_id, user_agent: 'Second/2.0', ip: '127.0.0.3', current: false },
      { id: first.session_id, user_agent: 'First/1.0', ip: '127.0.0.2', current: true },
    ]);
    expect(Object.keys(items[0] ?? {})).toEqual([
      'id',
      'user_agent',
      'ip',
      'created_at',
      'proof',
      'authenticated_at',
      'last_seen_at',
      'expires_at',
      'current',
    ]);
    expect(items[0]?.expires_at).toBe(second.refresh_token_expires_at);
  });

  it('pages like every list, and refuses what no list takes', async () => {
    const user = await app.createUser();
    const first = await signIn(user);
    const second = await signIn(user);
    const token = second.access_token;

    expect(await list(token, '?page=2&page_size=1')).toMatchObject({
      items: [{ id: first.session_id }],
      total: 2,
      page: 2,
      page_size: 1,
    });
    expect(refusals(await app.call('GET', '/me/sessions?page=0', { token }))).toEqual(['page: integer']);
    expect(refusals(await app.call('GET', '/me/sessions?sort=ip', { token }))).toEqual(['sort: unknown']);
  });

  it('tells the last use to the minute', async () => {
    const user = await app.createUser();
    const { access_token: token } = await signIn(user);
    const before = (await list(token)).items[0]?.last_seen_at;
    app.clock.advance(30_000);
    expect((await list(token)).items[0]?.last_seen_at).toBe(before);

    app.clock.advance(MINUTE);
    const now = new Date(app.clock.now()).toISOString();
    const seen = await eventually(
      async () => (await list(token)).items[0]?.last_seen_at,
      (at) => at === now,
    );
    expect(seen).toBe(now);
  });

  it("shows nobody else's and no ended ones", async () => {
    const [user, other] = [await app.createUser(), await app.createUser()];
    await signIn(other);
    const ended = await signIn(user);
    await app.call('POST', '/signout', { token: ended.access_token });
    const live = await signIn(user);
    expect((await list(live.access_token)).items.map(({ id }) => id)).toEqual([live.session_id]);
  });

  it('cuts a user agent at 512 characters', async () => {
    const user = await app.createUser();
    const { access_token } = await signIn(user, { headers: { 'user-agent': 'x'.repeat(2_000) } });
    expect((await list(access_token)).items[0]?.user_agent).toBe('x'.repeat(512));
  });
});

describe('DELETE /me/sessions/{id}', () => {
  it('ends one session at once', async () => {
    const user = await app.createUser();
    const [kept, gone] = [await signIn(user), await signIn(user)];
    const answer = await app.call('DELETE', `/me/sessions/${gone.session_id}`, { token: kept.access_token });
    expect([answer.status, answer.body.data]).toEqual([200, null]);
    expect([await statusOf(kept), await statusOf(gone)]).toEqual([200, 401]);
    const renewal = await app.call('POST', '/tokens/renew_access', {
      body: { refresh_token: gone.refresh_token },
    });
    expectFailure(renewal, 401, 11003);
  });

  it("finds neither another's session nor an ended one nor what is no id", async () => {
    const [user, other] = [await app.createUser(), await app.createUser()];
    const mine = await signIn(user);
    const theirs = await signIn(other);
    const ended = await signIn(user);
    await app.call('POST', '/signout', { token: ended.access_token });
    for (const id of [theirs.session_id, ended.session_id, 'nonsense', mine.session_id.toUpperCase()]) {
      const answer = await app.call('DELETE', `/me/sessions/${id}`, { token: mine.access_token });
      expect([answer.status, answer.body.code], id).toEqual([404, 11006]);
    }
    expect(await statusOf(theirs)).toBe(200);
  });

  it('may end the session that asks', async () => {
    const session = await signIn(await app.createUser());
    const path = `/me/sessions/${session.session_id}`;
    expect((await app.call('DELETE', path, { token: session.access_token })).status).toBe(200);
    expectFailure(await app.call('DELETE', path, { token: session.access_token }), 401, 11002);
  });
});

describe('DELETE /me/sessions', () => {
  it('ends all but the one that asks, and says how many', async () => {
    const user = await app.createUser();
    const [one, other, mine] = [await signIn(user), await signIn(user), await signIn(user)];
    const answer = await app.call('DELETE', '/me/sessions', { token: mine.access_token });
    expect(answer.body.data).toEqual({ ended: 2 });
    expect([await statusOf(one), await statusOf(other), await statusOf(mine)]).toEqual([401, 401, 200]);
    const again = await app.call('DELETE', '/me/sessions', { token: mine.access_token });
    expect(again.body.data).toEqual({ ended: 0 });
  });
});

describe('MAX_SESSIONS_PER_USER', () => {
  it('ends the oldest session when one more is opened', async () => {
    const user = await app.createUser();
    const sessions: SignInData[] = [];
    for (let count = 0; count < 5; count += 1) sessions.push(await signIn(user));
    const statuses = [];
    for (const session of sessions) statuses.push(await statusOf(session));
    expect(statuses).toEqual([401, 200, 200, 200, 200]);
  });

  it('gives no place to sessions that have run out, however young', async () => {
    const user = await app.createUser();
    const { idleTtl } = app.config.sessions;
    const oldest = await signIn(user);
    for (let count = 0; count < 3; count += 1) await signIn(user);
    const renew = () =>
      app.call<{ access_token: string }>('POST', '/tokens/renew_access', {
        body: { refresh_token: oldest.refresh_token },
      });
    app.clock.advance(idleTtl / 2);
    const { access_token: token } = (await renew()).body.data;
    const now = new Date(app.clock.now()).toISOString();
    const noted = ({ items }: SessionList) => items.some(({ last_seen_at }) => last_seen_at === now);
    expect(await eventually(() => list(token), noted)).toSatisfy(noted);
    app.clock.advance(idleTtl / 2);
    await signIn(user);
    expect((await renew()).status).toBe(200);
  });

  it('holds when many sign in at once', async () => {
    const user = await app.createUser();
    const sessions = await Promise.all(
      Array.from({ length: 12 }, () => app.signIn(user.username, user.password)),
    );
    const statuses = await Promise.all(sessions.map(statusOf));
    expect(statuses.filter((status) => status === 200)).toHaveLength(4);
  });
});

describe('the record', () => {
  it('has one event for each session that a person ended', async () => {
    const user = await app.createUser();
    const [mine, gone] = [await signIn(user), await signIn(user)];
    await app.call('DELETE', `/me/sessions/${gone.session_id}`, { token: mine.access_token });
    await app.call('DELETE', `/me/sessions/${gone.session_id}`, { token: mine.access_token });
    const rows = await app.database.query<Array<{ actor: string; session: string; detail: string }>>(
      `SELECT actor_id AS actor, session_id AS session, detail FROM audit_events
       WHERE action = 'session.ended' AND target_id = ?`,
      [gone.session_id],
    );
    expect(rows).toEqual([
      {
        actor: user.id,
        session: mine.session_id,
        detail: JSON.stringify({ reason: 'revoked', user_id: user.id }),
      },
    ]);
  });

  it('has one event when a session is renewed from elsewhere, and renewing goes on', async () => {
    const user = await app.createUser();
    const session = await signIn(user, { from: '127.0.0.2' });
    const renewFrom = async (from: string): Promise<number> => {
      const body = { refresh_token: session.refresh_token };
      return (await app.call('POST', '/tokens/renew_access', { from, body })).status;
    };
    const events = async (): Promise<string[]> => {
      const rows = await app.database.query<Array<{ ip: string }>>(
        "SELECT ip FROM audit_events WHERE action = 'token.renewed_elsewhere' AND session_id = ? ORDER BY at",
        [session.session_id],
      );
      return rows.map(({ ip }) => ip);
    };
    expect(await renewFrom('127.0.0.2')).toBe(200);
    expect(await events()).toEqual([]);
    expect(await Promise.all(Array.from({ length: 5 }, () => renewFrom('127.0.0.9')))).toEqual(
      Array(5).fill(200),
    );
    await eventually(events, (ips) => ips.length > 0);
    expect(await renewFrom('127.0.0.9')).toBe(200);
    expect(await events()).toEqual(['127.0.0.9']);
  });
});

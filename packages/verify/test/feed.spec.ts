import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { outcome, start } from './scene.ts';
import { KEY } from './stand-in.ts';

const CHANGES = '/tokens/changes';
const INTROSPECT = '/tokens/introspect';
const FOLLOWING = { key: KEY, application: 'shop', changes: true } as const;

describe('with changes', () => {
  it('an ended session is refused within two seconds, and others stay', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier(FOLLOWING);
    const [gone, stays] = [gatehouse.signIn(), gatehouse.signIn()];
    expect(await outcome(kit, gone.token)).toBe('accepted');
    const began = Date.now();
    gatehouse.end(gone.sessionId);
    await expect.poll(() => outcome(kit, gone.token), { interval: 5 }).toBe('invalid_token');
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(await outcome(kit, stays.token)).toBe('accepted');
    // A renewed token of it is as dead.
    expect(await outcome(kit, gatehouse.token(gone))).toBe('invalid_token');
    expect(gatehouse.count(INTROSPECT)).toBe(0);
  });

  it('a fresh verifier refuses what ended before it was there, from its first request on', async () => {
    const { gatehouse, verifier } = await start();
    const { token, sessionId } = gatehouse.signIn();
    gatehouse.end(sessionId);
    expect(await outcome(verifier(FOLLOWING), token)).toBe('invalid_token');
  });

  it('permissions are asked for once, and again after a change', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier(FOLLOWING);
    const session = gatehouse.signIn(['orders:read']);
    const principal = await kit.verify(session.token);
    const all = await Promise.all(Array.from({ length: 50 }, () => kit.permissions(principal)));
    expect(all.every((codes) => codes.has('orders:read'))).toBe(true);
    expect(gatehouse.count(INTROSPECT)).toBe(1);
    gatehouse.permit(session.userId, ['orders:read', 'orders:refund']);
    await expect.poll(async () => (await kit.permissions(principal)).has('orders:refund')).toBe(true);
    expect(gatehouse.count(INTROSPECT)).toBe(2);
  });

  it('an answer that was under way when permissions changed is not kept', async () => {
    const { gatehouse, verifier } = await start();
    let release = (): void => undefined;
    const held = new Promise<void>((done) => (release = done));
    let asked = 0;
    const kit = verifier({
      ...FOLLOWING,
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (String(url).endsWith(INTROSPECT) && ++asked === 1) await held;
        return answer;
      },
    });
    const session = gatehouse.signIn(['orders:read']);
    const principal = await kit.verify(session.token);
    const early = kit.permissions(principal);
    await expect.poll(() => asked).toBe(1);
    gatehouse.permit(session.userId, []);
    // Whatever came before this has arrived as well.
    const other = gatehouse.signIn();
    gatehouse.end(other.sessionId);
    await expect.poll(() => outcome(kit, other.token)).toBe('invalid_token');
    expect((await kit.permissions(principal)).size).toBe(0);
    release();
    expect((await early).size).toBe(1);
    expect((await kit.permissions(principal)).size).toBe(0);
  });

  it('nothing is missed while Gatehouse was away, with and without its older events', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier(FOLLOWING);
    const sessions = [gatehouse.signIn(['a']), gatehouse.signIn(['a'])];
    for (const { token } of sessions) await kit.permissions(await kit.verify(token));
    for (const [index, { token, sessionId, userId }] of sessions.entries()) {
      await gatehouse.stop();
      gatehouse.end(sessionId);
      gatehouse.permit(userId, ['b']);
      // The second time `after` is gone.
      if (index === 1) {
        gatehouse.permit(userId, ['b']);
        gatehouse.forgetEvents();
      }
      await gatehouse.start();
      await expect.poll(() => outcome(kit, token), { timeout: 5_000 }).toBe('invalid_token');
    }
  });

  it('permissions are asked for again when it is too late to hear what changed', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier(FOLLOWING);
    const session = gatehouse.signIn(['orders:read']);
    const principal = await kit.verify(session.token);
    expect((await kit.permissions(principal)).size).toBe(1);
    await gatehouse.stop();
    gatehouse.permit(session.userId, []);
    gatehouse.permit('another user', []);
    gatehouse.forgetEvents({ longAgo: true });
    await gatehouse.start();
    await expect.poll(async () => (await kit.permissions(principal)).size, { timeout: 5_000 }).toBe(0);
  });

  it.each([
    ['accept', 'accepted'],
    ['refuse', 'Unavailable'],
    ['introspect', 'Unavailable'],
  ] as const)('blind for 30 seconds, %s means %s', async (whenBlind, expected) => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier({ ...FOLLOWING, whenBlind });
    const session = gatehouse.signIn();
    expect(await outcome(kit, session.token)).toBe('accepted');
    await gatehouse.stop();
    clock.advance(29);
    expect([await outcome(kit, session.token), kit.blindSeconds]).toEqual(['accepted', 0]);
    clock.advance(5);
    expect(await outcome(kit, session.token)).toBe(expected);
    expect(kit.blindSeconds).toBeGreaterThan(30);
    await gatehouse.start();
    await expect.poll(() => kit.blindSeconds, { timeout: 12_000 }).toBe(0);
    expect(await outcome(kit, session.token)).toBe('accepted');
  });

  it('blind, introspection decides', async () => {
    const { gatehouse, verifier } = await start();
    // A proxy that passes all but the feed.
    const fetchAllBut = (path: string) => async (url: Parameters<typeof fetch>[0], init?: RequestInit) =>
      String(url).includes(path) ? new Response('', { status: 502 }) : fetch(url, init);
    const kit = verifier({ ...FOLLOWING, whenBlind: 'introspect', fetch: fetchAllBut(CHANGES) });
    const { token, sessionId } = gatehouse.signIn();
    expect(await outcome(kit, token)).toBe('accepted');
    expect(gatehouse.count(INTROSPECT)).toBe(1);
    gatehouse.end(sessionId);
    expect(await outcome(kit, token)).toBe('invalid_token');
  });

  it.each([
    ['accept', 'accepted'],
    ['refuse', 'Unavailable'],
  ] as const)('before the first answer, %s means %s', async (whenBlind, expected) => {
    const { gatehouse, verifier } = await start();
    const kit = verifier({ ...FOLLOWING, key: 'gatehouse_key_of_somebody_else', whenBlind });
    expect(await outcome(kit, gatehouse.signIn().token)).toBe(expected);
  });

  it('a Gatehouse that answers at once with nothing, as in its shutdown, is not asked in a circle', async () => {
    const { gatehouse, verifier } = await start();
    gatehouse.broken = (_request, response) => {
      const data = { items: [], next: 0, ttl: 900 };
      response.end(JSON.stringify({ code: 0, data, msg: 'ok', keys: [] }));
    };
    verifier(FOLLOWING);
    await sleep(1_500);
    expect(gatehouse.count(CHANGES)).toBeLessThanOrEqual(5);
  });

  it('close() ends the poll', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier(FOLLOWING);
    await outcome(kit, gatehouse.signIn().token);
    await expect.poll(() => gatehouse.count(CHANGES)).toBe(2);
    kit.close();
    gatehouse.end('a session');
    await sleep(200);
    expect(gatehouse.count(CHANGES)).toBe(2);
  });

  it('memory stays flat: an ended session is forgotten when no token of it can live', async () => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier(FOLLOWING);
    const first = gatehouse.signIn();
    await outcome(kit, first.token);
    gatehouse.end(first.sessionId);
    await expect.poll(() => outcome(kit, first.token)).toBe('invalid_token');
    clock.advance(900 + 301);
    gatehouse.end('another session');
    // A token that Gatehouse would never make shows that the id is no longer kept.
    await expect.poll(() => outcome(kit, gatehouse.token(first))).toBe('accepted');
  });
});

describe('with introspect: always', () => {
  it('each request is one call, which brings the permissions along', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier({ key: KEY, application: 'shop', introspect: 'always' });
    const { token, sessionId, userId } = gatehouse.signIn(['orders:read']);
    for (let i = 1; i <= 3; i++) {
      const principal = await kit.verify(token);
      expect([...(await kit.permissions(principal))]).toEqual(['orders:read']);
      expect(gatehouse.count(INTROSPECT)).toBe(i);
    }
    const held = await kit.verify(token);
    expect((await kit.permissions(held)).size).toBe(1);
    gatehouse.permit(userId, []);
    expect((await kit.permissions(held)).size).toBe(0);
    expect((await kit.permissions(await kit.verify(token))).size).toBe(0);
    gatehouse.end(sessionId);
    expect(await outcome(kit, token)).toBe('invalid_token');
    await gatehouse.stop();
    expect(await outcome(kit, gatehouse.signIn().token)).toBe('Unavailable');
  });

  it('an answer about another session or user is none', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier({ key: KEY, introspect: 'always' });
    const { token, userId: sub, sessionId: sid } = gatehouse.signIn();
    expect(await outcome(kit, token)).toBe('accepted');
    for (const other of [
      { sub },
      { sid },
      { sub, sid: 'x' },
      { sub: 'x', sid },
      { sub, sid, active: 'true' },
    ]) {
      const answer = JSON.stringify({ code: 0, data: { active: true, ...other }, msg: 'ok' });
      gatehouse.broken = (_request, response) => void response.end(answer);
      expect(await outcome(kit, token)).toBe('invalid_token');
    }
  });
});

describe('without changes', () => {
  it('permissions are live, each time a call', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier({ key: KEY, application: 'shop' });
    const { token, userId } = gatehouse.signIn(['orders:read']);
    const principal = await kit.verify(token);
    expect((await kit.permissions(principal)).size).toBe(1);
    gatehouse.permit(userId, []);
    expect((await kit.permissions(principal)).size).toBe(0);
    expect(gatehouse.count(CHANGES)).toBe(0);
  });

  it('mistakes of the owner show at once', async () => {
    const { gatehouse, verifier } = await start();
    expect(() => verifier({ changes: true })).toThrow(TypeError);
    expect(() => verifier({ introspect: 'always' })).toThrow(TypeError);
    expect(() => verifier({ url: 'id.example' })).toThrow(TypeError);
    const kit = verifier();
    const principal = await kit.verify(gatehouse.signIn().token);
    await expect(kit.permissions(principal)).rejects.toThrow(TypeError);
    await expect(kit.permissions({ ...principal })).rejects.toThrow(TypeError);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type Answer, type TestApp } from '../support/app.ts';

/** Addresses of the loopback network stand for clients; the app trusts one proxy, 127.0.0.200. */
const PROXY = '127.0.0.200';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    env: {
      SIGNIN_ADDRESS_ATTEMPTS: '4',
      RENEW_ADDRESS_FAILURES: '3',
      HASH_WAIT: '20s',
      TRUST_PROXY: `${PROXY}/32`,
    },
  });
});
afterAll(() => app.close());

interface From {
  readonly from?: string;
  readonly forwarded?: string;
}
function origin({ from = '127.0.0.1', forwarded }: From) {
  return { from, ...(forwarded === undefined ? {} : { headers: { 'x-forwarded-for': forwarded } }) };
}

let serial = 0;
async function guess(client: From): Promise<number> {
  serial += 1;
  const body = { username: `nobody-${serial}`, password: 'wrong' };
  return (await app.call('POST', '/signin', { ...origin(client), body })).status;
}

async function renew(token: string, client: From): Promise<Answer<unknown>> {
  return app.call('POST', '/tokens/renew_access', { ...origin(client), body: { refresh_token: token } });
}

async function inTurn<T>(work: ReadonlyArray<() => Promise<T>>): Promise<T[]> {
  const results: T[] = [];
  for (const one of work) results.push(await one());
  return results;
}

describe('an address', () => {
  it('has one budget over all names', async () => {
    const guesses = Array.from({ length: 6 }, () => () => guess({ from: '127.0.0.10' }));
    expect(await inTurn(guesses)).toEqual([401, 401, 401, 401, 429, 429]);
    expect(await guess({ from: '127.0.0.11' })).toBe(401);
  });

  it('gets back the attempt of a success, and no other', async () => {
    const from = '127.0.0.12';
    const user = await app.createUser();
    await inTurn([1, 2, 3].map(() => () => guess({ from })));
    for (let count = 0; count < 5; count += 1) await app.signIn(user.username, user.password, { from });
    expect(await inTurn([1, 2].map(() => () => guess({ from })))).toEqual([401, 429]);
  });

  it('is counted by IPv4 address, mapped or not, and by IPv6 /64', async () => {
    const spellings = [
      '198.51.100.7',
      '::ffff:198.51.100.7',
      '::ffff:c633:6407',
      '0:0:0:0:0:FFFF:198.51.100.7',
    ];
    const guesses = [...spellings, '198.51.100.7'].map(
      (forwarded) => () => guess({ from: PROXY, forwarded }),
    );
    expect(await inTurn(guesses)).toEqual([401, 401, 401, 401, 429]);
    // Some proxies send the port, too (Azure, IIS).
    const withPorts = ['198.51.100.8:4711', '198.51.100.8:4712', '[::ffff:198.51.100.8]:1', '198.51.100.8'];
    const more = [...withPorts, '198.51.100.8:9'].map((forwarded) => () => guess({ from: PROXY, forwarded }));
    expect(await inTurn(more)).toEqual([401, 401, 401, 401, 429]);
    const hosts = [
      '2001:db8:1:2::1',
      '2001:db8:1:2::2',
      '2001:db8:1:2:ffff::',
      '[2001:db8:1:2:1:2:3:4]:4711',
      '2001:db8:1:2::9',
    ];
    expect(await inTurn(hosts.map((forwarded) => () => guess({ from: PROXY, forwarded })))).toEqual([
      401, 401, 401, 401, 429,
    ]);
    expect(await guess({ from: PROXY, forwarded: '2001:db8:1:3::1' })).toBe(401);
  });

  it('cannot be forged by a peer that is not trusted', async () => {
    const guesses = Array.from(
      { length: 6 },
      (_, index) => () => guess({ from: '127.0.0.13', forwarded: `198.51.100.${index + 100}` }),
    );
    expect(await inTurn(guesses)).toEqual([401, 401, 401, 401, 429, 429]);
  });

  it('cannot be forged through the proxy, which appends what it saw', async () => {
    const guesses = Array.from(
      { length: 6 },
      (_, index) => () => guess({ from: PROXY, forwarded: `203.0.113.${index}, 198.51.100.99` }),
    );
    expect(await inTurn(guesses)).toEqual([401, 401, 401, 401, 429, 429]);
  });
});

describe('refresh tokens', () => {
  it('are limited by address where they are unknown or dead, and nowhere else', async () => {
    const from = '127.0.0.20';
    const user = await app.createUser();
    const live = await app.signIn(user.username, user.password, { from: '127.0.0.21' });
    const dead = await app.signIn(user.username, user.password, { from: '127.0.0.21' });
    await app.call('POST', '/signout', { token: dead.access_token });

    const tokens = ['ghr_unknown', dead.refresh_token, 'x', 'y', dead.refresh_token];
    const answers = await inTurn(tokens.map((token) => () => renew(token, { from })));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [401, 11003],
      [401, 11003],
      [401, 11003],
      [429, 10008],
      [429, 10008],
    ]);
    expect(answers.at(-1)?.headers['retry-after']).toBe('30');
    expect((await renew(live.refresh_token, { from })).status).toBe(200);
    expect((await renew('z', { from: '127.0.0.22' })).status).toBe(401);
  });

  it('renew fifty at a time, all of them, without another session', async () => {
    const user = await app.createUser();
    const { refresh_token, session_id } = await app.signIn(user.username, user.password);
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => renew(refresh_token, {})));
      expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    }
    const rows = await app.database.query('SELECT id FROM sessions WHERE user_id = ?', [user.id]);
    expect(rows).toEqual([{ id: session_id }]);
  });
});

describe('a forwarded header without TRUST_PROXY', () => {
  it('is worth one warning when it comes from a private address', async () => {
    const bare = await startApp();
    try {
      const headers = { 'x-forwarded-for': '198.51.100.1' };
      const warnings = () => bare.lines.filter((line) => line.includes('TRUST_PROXY is none'));
      await bare.call('GET', '/codes');
      expect(warnings()).toEqual([]);
      await bare.call('GET', '/codes', { headers });
      await bare.call('GET', '/codes', { headers });
      expect(warnings()).toHaveLength(1);
      expect(bare.lines.join('')).toContain('"trust_proxy":"none"');
    } finally {
      await bare.close();
    }
    expect(app.lines.some((line) => line.includes(`"trust_proxy":"${PROXY}/32"`))).toBe(true);
  });
});

describe('a forwarded header of a trusted proxy', () => {
  it('is worth one warning when it holds no address, and the proxy counts', async () => {
    const warnings = () => app.lines.filter((line) => line.includes('something else than an address'));
    const send = (forwarded: string) => app.call('GET', '/codes', origin({ from: PROXY, forwarded }));
    await send('203.0.113.9, 198.51.100.1:80');
    expect(warnings()).toEqual([]);
    await send('203.0.113.9, unknown');
    await send('_hidden');
    expect(warnings()).toHaveLength(1);
    expect(app.lines.at(-1)).toContain(`"address":"${PROXY}"`);
  });
});

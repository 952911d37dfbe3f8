import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ListLimiter } from '../../src/platform/http/list-limiter.ts';
import { WITH_DOCS, startApp, type Answer, type TestApp } from '../support/app.ts';
import { expectFailure } from '../support/envelope.ts';

const ANYBODY = '00000000-0000-4000-8000-000000000009';

let app: TestApp;
let token = '';
let refreshToken = '';

beforeAll(async () => {
  app = await startApp({ env: WITH_DOCS });
  ({ access_token: token, refresh_token: refreshToken } = await app.signIn());
});
afterAll(() => app.close());

interface Parameter {
  readonly name: string;
}

/** Every list that the API has: what takes the size of a page. */
async function lists(): Promise<string[]> {
  const { text } = await app.call('GET', '/openapi.json');
  const { paths }: { paths: Record<string, { get?: { parameters?: readonly Parameter[] } }> } =
    JSON.parse(text);
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const isList = get?.parameters?.some(({ name }) => name === 'page_size' || name === 'limit') ?? false;
    return isList ? [path.replace('{id}', ANYBODY)] : [];
  });
}

/** Reads as many lists as may be read at once, until `over` is called. */
function takeAllPlaces(): { over: () => Promise<void> } {
  const limiter = app.nest.get(ListLimiter);
  const ends: Array<() => void> = [];
  const reading = Array.from({ length: limiter.limits.atOnce }, () =>
    limiter.run(() => new Promise<void>((resolve) => ends.push(resolve))),
  );
  return {
    over: async () => {
      for (const end of ends) end();
      await Promise.all(reading);
    },
  };
}

function expectRefused(answer: Answer<unknown>): void {
  expectFailure(answer, 503, 10009);
  expect(answer.headers['retry-after']).toBe('1');
}

beforeEach(() => vi.waitFor(() => expect(app.nest.get(ListLimiter).stats().reading).toBe(0)));

describe('while as many lists are read as may be', () => {
  it('every other list is refused after a moment', async () => {
    const paths = await lists();
    expect(paths.toSorted()).toEqual(
      [
        '/applications',
        '/audit-events',
        '/me/keys',
        '/me/sessions',
        '/roles',
        '/users',
        `/users/${ANYBODY}/keys`,
        `/users/${ANYBODY}/sessions`,
      ].toSorted(),
    );
    const { over } = takeAllPlaces();
    for (const answer of await Promise.all(paths.map((path) => app.call('GET', path, { token })))) {
      expectRefused(answer);
    }
    await over();
    expect((await app.call('GET', '/users', { token })).status).toBe(200);
  });

  it('no more than 200 callers wait, and others sign in and renew beside them', async () => {
    const { over } = takeAllPlaces();
    const limiter = app.nest.get(ListLimiter);
    const before = limiter.stats().refused;
    const readers = Array.from({ length: 250 }, () => app.call('GET', '/audit-events', { token }));
    const most = mostWaiting(limiter, readers);
    const body = { username: app.admin.username, password: app.admin.password };
    const others = await Promise.all([
      app.call('GET', '/health/live'),
      app.call('GET', '/me', { token }),
      app.call('POST', '/tokens/renew_access', { body: { refresh_token: refreshToken } }),
      app.call('POST', '/signin', { body }),
    ]);
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const answer of await Promise.all(readers)) expectRefused(answer);
    expect(limiter.stats().refused - before).toBe(250);
    expect(await most).toBeLessThanOrEqual(200);
    await over();
  });

  it('those that wait are served when there is a place', async () => {
    const { over } = takeAllPlaces();
    const readers = Array.from({ length: 10 }, () => app.call('GET', '/roles', { token }));
    await app.call('GET', '/me', { token });
    await over();
    for (const { status } of await Promise.all(readers)) expect(status).toBe(200);
  });
});

async function mostWaiting(limiter: ListLimiter, readers: readonly Promise<unknown>[]): Promise<number> {
  let most = 0;
  let over = false;
  void Promise.all(readers).finally(() => (over = true));
  while (!over) {
    most = Math.max(most, limiter.stats().waiting);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return most;
}

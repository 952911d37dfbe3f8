import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../client/client/index.ts';
import { getMe, listMySessions, renewAccess, signIn, signOut, updateMe } from '../../client/index.ts';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let accessToken: string | undefined;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

function connect() {
  return createClient({ baseUrl: app.url, auth: () => accessToken });
}

// What it says about types, `npm run check` proves.
describe('the generated client', () => {
  it('tells a failure by its code', async () => {
    const body = { username: 'admin', password: 'wrong' };
    const { data, error, response } = await signIn({ client: connect(), body });
    expect(data).toBeUndefined();
    expect(response?.status).toBe(401);
    expect(error?.code).toBe(11001);
  });

  it('signs in, asks who it is, renews, and signs out', async () => {
    const client = connect();
    const signedIn = await signIn({ client, body: app.admin, throwOnError: true });
    accessToken = signedIn.data.data.access_token;

    const me = await getMe({ client, throwOnError: true });
    expect(me.data.data.username).toBe('admin');
    expect(me.data.data.permissions).toContain('users:create');

    const body = { refresh_token: signedIn.data.data.refresh_token };
    const renewed = await renewAccess({ client, body, throwOnError: true });
    accessToken = renewed.data.data.access_token;

    const sessions = await listMySessions({ client, query: { page_size: 10 }, throwOnError: true });
    expect(sessions.data.data.items.filter(({ current }) => current)).toHaveLength(1);

    await signOut({ client, throwOnError: true });
    expect((await getMe({ client })).error?.code).toBe(11002);
  });

  it('names the refused fields', async () => {
    const client = connect();
    const signedIn = await signIn({ client, body: app.admin, throwOnError: true });
    accessToken = signedIn.data.data.access_token;
    const { error } = await updateMe({ client, body: { full_name: '' } });
    const data = error?.data;
    expect(data && 'errors' in data && data.errors.map(({ field }) => field)).toEqual(['full_name']);
  });
});

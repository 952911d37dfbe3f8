import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal, type ListData } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';
import { createServiceAccount } from '../support/keys.ts';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

describe('a service account', () => {
  it('is a user of its own kind, found where it is asked for', async () => {
    const service = await createServiceAccount(admin, ['users:read']);
    expect(service).toMatchObject({ kind: 'service', email: '', phone: '', status: 'active' });
    const ids = async (query: string) =>
      (await admin.done<ListData<{ id: string }>>('GET', `/users?${query}&page_size=100`)).items.map(
        ({ id }) => id,
      );
    const search = `q=${service.username}`;
    expect(await ids(search)).toEqual([]);
    expect(await ids(`${search}&kind=person`)).toEqual([]);
    expect(await ids(`${search}&kind=service`)).toEqual([service.id]);
    expect(await ids(`${search}&kind=any`)).toEqual([service.id]);
    expect(await ids('sort=-created_at')).not.toContain(service.id);
    expect(await ids('kind=service&sort=username&status=active')).toContain(service.id);
  });

  it.each([
    [{ password: PASSWORD }, 'password: not_for_service_account'],
    [{ email: 'a@example.com' }, 'email: not_for_service_account'],
    [{ phone: '' }, 'phone: not_for_service_account'],
  ])('has no %j', async (given, refused) => {
    const body = { kind: 'service', username: 'bot', full_name: 'Bot', ...given };
    expect(refusals(await admin.call('POST', '/users', body))).toEqual([refused]);
  });

  it('needs what a person needs not, and a person what it has not', async () => {
    const person = { username: 'somebody', full_name: 'Somebody' };
    expect(refusals(await admin.call('POST', '/users', person))).toEqual(['password: required']);
    expect(
      refusals(await admin.call('POST', '/users', { ...person, password: PASSWORD, kind: 'robot' })),
    ).toEqual(['kind: choice']);
  });

  it('is no administrator, and has no password, e-mail address or phone number', async () => {
    const { id, username } = await createServiceAccount(admin);
    const body = { kind: 'service', username: 'boss-bot', full_name: 'Bot', roles: ['administrator'] };
    expect(refusal(await admin.call('POST', '/users', body))).toEqual([409, 17006]);
    const roles = { roles: ['administrator'] };
    expect(refusal(await admin.call('PUT', `/users/${id}/roles`, roles))).toEqual([409, 17006]);
    const password = { new_password: PASSWORD };
    expect(refusal(await admin.call('POST', `/users/${id}/password`, password))).toEqual([409, 17006]);
    const email = { email: 'bot@example.com' };
    expect(refusal(await admin.call('PATCH', `/users/${id}`, email))).toEqual([409, 17006]);
    await admin.done('PATCH', `/users/${id}`, { full_name: 'Renamed' });
    const signIn = await app.call('POST', '/signin', { body: { username, password: PASSWORD } });
    expect(refusal(signIn)).toEqual([401, 11001]);
  });
});

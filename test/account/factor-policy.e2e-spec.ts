import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR } from '../../src/platform/security/auth-context.ts';
import { FactorAdministration } from '../../src/users/factor-administration.service.ts';
import { FactorPolicy } from '../../src/users/factor-policy.ts';
import { WIDE } from '../support/account.ts';
import { Administration, refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type SignInData, type TestApp } from '../support/app.ts';
import { codeOf, demandOf, enrolled, nextCode, show } from '../support/factors.ts';

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SECOND_FACTOR_REQUIRED: 'treasurer,nobody-has-it' } });
  admin = await Administration.of(app);
  await admin.role(['users:read'], 'treasurer');
});
afterAll(() => app.close());

const give = (id: string, ...roles: readonly string[]) => admin.call('PUT', `/users/${id}/roles`, { roles });

describe('a role that demands a second factor', () => {
  it('ends the sessions of who gets it without one; the next sign-in sets one up', async () => {
    const { id, username, token } = await admin.person();
    expect((await give(id, 'treasurer')).status).toBe(200);
    expect(refusal(await app.call('GET', '/me', { token }))).toEqual([401, 11002]);
    const { challenge } = await demandOf(app, username, 11011);
    expect(refusal(await show(app, challenge, '000000')), 'no secret yet').toEqual([403, 11009]);
    const proposed = await app.call<{ challenge: string; secret: string }>('POST', '/signin/totp', {
      body: { challenge },
    });
    const { secret } = proposed.body.data;
    expect(refusal(await show(app, proposed.body.data.challenge, '000000'))).toEqual([403, 11008]);
    const answer = await show(app, proposed.body.data.challenge, codeOf(app, secret));
    expect(answer.status, answer.text).toBe(200);
    const own = answer.body.data.access_token;
    expect(refusal(await app.call('DELETE', '/me/totp', { token: own }))).toEqual([409, 12012]);
    expect((await app.call('POST', '/me/recovery_codes', { token: own })).status).toBe(200);
    nextCode(app);
    const next = await demandOf(app, username);
    expect(next.factors).toEqual(['totp', 'recovery_code']);
  });

  it('leaves the sessions of who has one', async () => {
    const { id, token } = await enrolled(app);
    expect((await give(id, 'treasurer')).status).toBe(200);
    expect((await app.call('GET', '/me', { token })).status).toBe(200);
  });

  it('binds sessions that were open before the policy: the first call ends them, for renewal and for other services, too', async () => {
    const { id, username } = await admin.person();
    const session = await app.signIn(username, PASSWORD);
    // As if the setting had been made just now: the role is given past the service.
    await app.database.query(
      "INSERT INTO user_roles (user_id, role_id, user_created_at) SELECT ?, id, 0 FROM roles WHERE role_key = 'treasurer'",
      [id],
    );
    expect(refusal(await app.call('GET', '/me', { token: session.access_token }))).toEqual([401, 11002]);
    const body = { refresh_token: session.refresh_token };
    expect(refusal(await app.call('POST', '/tokens/renew_access', { body }))).toEqual([401, 11003]);
  });

  it('is enforced for whoever only renews by an operator', async () => {
    const { id, username } = await admin.person();
    const { refresh_token } = await app.signIn(username, PASSWORD);
    await app.database.query(
      "INSERT INTO user_roles (user_id, role_id, user_created_at) SELECT ?, id, 0 FROM roles WHERE role_key = 'treasurer'",
      [id],
    );
    const renew = () => app.call<SignInData>('POST', '/tokens/renew_access', { body: { refresh_token } });
    expect((await renew()).status).toBe(200);
    const factors = app.nest.get(FactorAdministration, { strict: false });
    expect(await factors.revokeWithoutFactor(OPERATOR)).toBeGreaterThan(0);
    expect(refusal(await renew())).toEqual([401, 11003]);
  });

  it('is told when there is no such role', async () => {
    expect(await app.nest.get(FactorPolicy, { strict: false }).unknownRoles()).toEqual(['nobody-has-it']);
  });

  it('asks nobody else', async () => {
    const { username } = await admin.person();
    expect(await app.signIn(username, PASSWORD)).toHaveProperty('access_token');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let token: string;
let userId: string;
let roleId: string;
beforeAll(async () => {
  app = await startApp({ env: { SIGNIN_ADDRESS_ATTEMPTS: '100000', REAUTH_ATTEMPTS: '100000' } });
  token = (await app.signIn()).access_token;
  userId = (await app.createUser()).id;
  const body = { key: 'a-role', name: 'A role', permissions: [] };
  roleId = (await app.call<{ id: string }>('POST', '/roles', { token, body })).body.data.id;
});
afterAll(() => app.close());

/** 31 KiB of marks that normalisation has to sort by their classes, which stand in the wrong order. */
const MARKS = `a${['\u0345', '\u0315', '\u0300', '\u0316'].map((mark) => mark.repeat(3_900)).join('')}`;

/** In milliseconds. Twenty normalisations of the marks take three seconds. */
const LONGEST_DELAY = 500;

const whole = { username: 'somebody', full_name: 'Somebody', password: PASSWORD };
const bodies: Array<[string, string, Record<string, unknown>]> = [
  ['POST', '/signin', { username: MARKS, password: PASSWORD }],
  ['POST', '/signin', { username: 'admin', password: MARKS }],
  ['POST', '/tokens/renew_access', { refresh_token: MARKS }],
  ['PATCH', '/me', { full_name: MARKS }],
  ['POST', '/me/password', { current_password: MARKS, new_password: PASSWORD }],
  ['POST', '/me/password', { current_password: PASSWORD, new_password: MARKS }],
  ...['username', 'full_name', 'password', 'email', 'phone'].map(
    (field): [string, string, Record<string, unknown>] => ['POST', '/users', { ...whole, [field]: MARKS }],
  ),
  ['POST', '/users', { ...whole, roles: [MARKS] }],
  ['PATCH', '/users/:user', { full_name: MARKS }],
  ['PATCH', '/users/:user', { email: MARKS }],
  ['POST', '/users/:user/password', { new_password: MARKS }],
  ['PUT', '/users/:user/roles', { roles: [MARKS] }],
  ['POST', '/users/batch', { action: 'enable', ids: [MARKS] }],
  ['POST', '/roles', { key: 'other', name: MARKS, permissions: [] }],
  ['POST', '/roles', { key: 'other', name: 'Other', description: MARKS, permissions: [] }],
  ['POST', '/roles', { key: 'other', name: 'Other', permissions: [MARKS] }],
  ['PATCH', '/roles/:role', { name: MARKS }],
];

/** The answers, and the longest time in milliseconds for which the event loop stood still. */
async function twentyAtOnce<T>(call: () => Promise<T>): Promise<{ answers: T[]; delay: number }> {
  let [last, delay] = [performance.now(), 0];
  const tick = () => {
    const now = performance.now();
    delay = Math.max(delay, now - last);
    last = now;
  };
  const timer = setInterval(tick, 5);
  const answers = await Promise.all(Array.from({ length: 20 }, call));
  clearInterval(timer);
  tick();
  return { answers, delay };
}

describe('32 KiB of combining marks', () => {
  it.each(bodies.map(([method, path, body]) => [method, path, Object.keys(body).join(' '), body] as const))(
    'in a body of %s %s (%s) are refused and hold up nobody',
    async (method, path, _, body) => {
      const target = path.replace(':user', userId).replace(':role', roleId);
      const { delay, answers } = await twentyAtOnce(() => app.call(method, target, { token, body }));
      expect(delay).toBeLessThan(LONGEST_DELAY);
      for (const { status, text } of answers) expect(status, text).toBe(400);
    },
  );

  it('in a query are refused and hold up nobody', async () => {
    const q = encodeURIComponent(MARKS.slice(0, 2_000));
    const { delay, answers } = await twentyAtOnce(() => app.call('GET', `/users?q=${q}`, { token }));
    expect(delay).toBeLessThan(LONGEST_DELAY);
    for (const { status, text } of answers) expect(status, text).toBe(400);
  });
});

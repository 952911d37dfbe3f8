import { Client } from './client.ts';
import { judge, onStage, type Kind } from './stage.ts';

const GARBAGE = 100_000;
const AT_ONCE = 50;
/** Making a key needs a session in which the password was given a short time ago. */
const ROUNDS_OF_A_SESSION = 300;

interface NewKey {
  readonly id: string;
  readonly secret: string;
}

/** Keys that are made, used and revoked: whether each ends everywhere at once. And what garbage costs. */
export async function keys(kind: Kind, rounds = 1_000): Promise<void> {
  await onStage({ kind, count: kind === 'mysql' ? 2 : 1 }, async ({ programs, admin, signInAdmin }) => {
    let token = await signInAdmin();
    const clients = programs.map(({ url }) => new Client(url));
    const scopes = ['tokens:introspect'];
    const role = { key: 'verifier', name: 'Verifies tokens', permissions: scopes };
    await admin.expect('POST', '/roles', { token, body: role });
    const account = { kind: 'service', username: 'verifier', full_name: 'Verifier', roles: ['verifier'] };
    const { id } = await admin.expect<{ id: string }>('POST', '/users', { token, body: account });

    let livedOn = 0;
    let unused = 0;
    for (let round = 0; round < rounds; round += 1) {
      if (round % ROUNDS_OF_A_SESSION === 0) token = await signInAdmin();
      const body = { name: 'A key', scopes };
      const key = await admin.expect<NewKey>('POST', `/users/${id}/keys`, { token, body });
      const renewal = { body: { refresh_token: key.secret } };
      const { access_token } = await admin.expect<{ access_token: string }>(
        'POST',
        '/tokens/renew_access',
        renewal,
      );
      const bearers = [key.secret, access_token];
      const calls = () =>
        clients.flatMap((client) => bearers.map((bearer) => client.call('GET', '/me', { token: bearer })));
      unused += (await Promise.all(calls())).filter(({ status }) => status !== 200).length;
      await admin.expect('DELETE', `/keys/${key.id}`, { token });
      livedOn += (await Promise.all(calls())).filter(({ status }) => status !== 401 && status !== 429).length;
      const asked = { token, body: { token: access_token } };
      const { active } = await admin.expect<{ active: boolean }>('POST', '/tokens/introspect', asked);
      if (active) livedOn += 1;
    }
    judge(
      livedOn === 0 && unused === 0,
      `${kind}, ${programs.length} process(es): ${rounds} keys made, used and revoked: ${unused} calls refused before the end, ${livedOn} let in after it`,
    );

    const garbage = `gatehouse_key_${'x'.repeat(49)}`;
    const begun = performance.now();
    let refused = 0;
    for (let asked = 0; asked < GARBAGE; asked += AT_ONCE) {
      const answers = Array.from({ length: AT_ONCE }, () => admin.call('GET', '/me', { token: garbage }));
      refused += (await Promise.all(answers)).filter(({ status }) => status === 401).length;
    }
    const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
    judge(
      refused === GARBAGE,
      `${kind}: ${refused} of ${GARBAGE} texts that are no key were answered 401, in ${seconds} s`,
    );
    for (const client of clients) client.close();
  });
}

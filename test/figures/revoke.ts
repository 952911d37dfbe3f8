import { Client, type Answer, type SignedIn } from './client.ts';
import { judge, onStage, PASSWORD, type Kind, type Stage } from './stage.ts';

interface Victim {
  readonly id: string;
  readonly session: SignedIn;
}

/** Sessions are ended while they are used without pause on every process; no call that starts afterwards may succeed. */
export async function revoke(kind: Kind, rounds = 1_000): Promise<void> {
  await onStage({ kind, count: kind === 'mysql' ? 2 : 1 }, async (stage) => {
    const clients = stage.programs.map(({ url }) => new Client(url));
    const id = await stage.createUser('victim');
    const endings: ReadonlyArray<(victim: Victim) => Promise<Answer>> = [
      ({ session }) => first(clients).call('POST', '/signout', { token: session.access_token }),
      ({ session }) =>
        first(clients).call('DELETE', `/me/sessions/${session.session_id}`, { token: session.access_token }),
      (victim) => stage.admin.call('POST', `/users/${victim.id}/disable`, { token: stage.adminToken }),
      () => changePassword(first(clients)),
    ];
    let late = 0;
    let succeeded = 0;
    for (let round = 0; round < rounds; round += 1) {
      const victim = { id, session: await first(clients).signIn('victim', PASSWORD) };
      const outcome = await race(clients, victim, endings[round % endings.length] ?? endings[0]);
      late += outcome.length;
      succeeded += outcome.filter((status) => status < 400).length;
      await repair(stage, id, round % endings.length);
    }
    for (const client of clients) client.close();
    judge(
      succeeded === 0,
      `${kind}, ${stage.programs.length} process(es): ${rounds} endings, ${late} calls started afterwards, ${succeeded} succeeded`,
    );
  });
}

function first(clients: readonly Client[]): Client {
  const [client] = clients;
  if (client === undefined) throw new Error('no process');
  return client;
}

async function race(
  clients: readonly Client[],
  victim: Victim,
  end: ((victim: Victim) => Promise<Answer>) | undefined,
) {
  let over = false;
  let rounds = 0;
  const late: number[] = [];
  const { access_token: token, refresh_token } = victim.session;
  const callers = clients.flatMap((client) =>
    [0, 1].map(async (which) => {
      while (rounds < 4) {
        const startedLate = over;
        const answer =
          which === 0 ? await client.call('GET', '/me', { token }) : await client.renew(refresh_token);
        if (startedLate) {
          late.push(answer.status);
          rounds += 1;
        }
      }
    }),
  );
  const answer = await end?.(victim);
  if (answer?.status !== 200) throw new Error(`the ending answered ${answer?.status} ${answer?.text}`);
  over = true;
  await Promise.all(callers);
  return late;
}

/** From another session, which the change keeps; then the old password again for the next round. */
async function changePassword(client: Client): Promise<Answer> {
  const other = await client.signIn('victim', PASSWORD);
  const body = { current_password: PASSWORD, new_password: 'copper-window-thistle-84' };
  return client.call('POST', '/me/password', { token: other.access_token, body });
}

async function repair({ admin, adminToken: token }: Stage, id: string, kind: number): Promise<void> {
  if (kind === 2) await admin.expect('POST', `/users/${id}/enable`, { token });
  if (kind === 3)
    await admin.expect('POST', `/users/${id}/password`, { token, body: { new_password: PASSWORD } });
}

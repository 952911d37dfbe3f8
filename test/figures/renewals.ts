import { Client } from './client.ts';
import { judge, onStage, PASSWORD, percentile, type Kind } from './stage.ts';

/** 50 renewals of one session at once, a hundred times: tabs that all wake up. */
export async function renewals(kind: Kind, rounds = 100): Promise<void> {
  await onStage({ kind, count: kind === 'mysql' ? 2 : 1 }, async ({ programs, createUser }) => {
    await createUser('person');
    const clients = programs.map(({ url }) => new Client(url));
    const session = await clients[0]?.signIn('person', PASSWORD);
    const times: number[] = [];
    let failed = 0;
    for (let round = 0; round < rounds; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          clients[index % clients.length]?.renew(session?.refresh_token ?? ''),
        ),
      );
      for (const answer of answers) {
        if (answer?.status !== 200) failed += 1;
        times.push(answer?.ms ?? 0);
      }
    }
    const list = await clients[0]?.expect<{ total: number }>('GET', '/me/sessions', {
      token: session?.access_token ?? '',
    });
    for (const client of clients) client.close();
    judge(
      failed === 0 && list?.total === 1,
      `${kind}, ${programs.length} process(es): ${rounds} × 50 parallel renewals: ${failed} failed, ${list?.total} session; p99 ${percentile(times, 0.99).toFixed(0)} ms`,
    );
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Answer } from './client.ts';
import { judge, onStage, type Kind } from './stage.ts';

const GUESSES = 200;
const BUDGET = 20;

/** 200 simultaneous wrong guesses on one account, through all its aliases, over every process. */
export async function burst(kind: Kind, rounds = 10): Promise<void> {
  const env = { SIGNIN_ADDRESS_ATTEMPTS: '1000000000' };
  await onStage({ kind, env, count: kind === 'mysql' ? 2 : 1 }, async ({ programs, createUser }) => {
    let worst = 0;
    let least = GUESSES;
    const statuses = new Map<number, number>();
    for (let round = 0; round < rounds; round += 1) {
      const phone = `+86138001380${String(10 + round)}`;
      await createUser(`person-${round}`, { email: `person-${round}@example.com`, phone });
      const aliases = [`person-${round}`, `PERSON-${round}`, `person-${round}@example.com`, phone];
      const clients = programs.map(({ url }) => new Client(url));
      const answers = await Promise.all(
        Array.from({ length: GUESSES }, (_, index) => {
          const client = clients[index % clients.length];
          const alias = aliases[Math.floor(index / clients.length) % aliases.length] ?? '';
          return untilDecided(() => client?.guess(alias, `wrong ${index}`));
        }),
      );
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const verified = answers.filter(({ status }) => status === 401).length;
      worst = Math.max(worst, verified);
      least = Math.min(least, verified);
      for (const client of clients) client.close();
    }
    const tally = [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
    // Fewer than the budget: an attempt was admitted, and then the database was too slow for its answer.
    judge(
      worst <= BUDGET,
      `${kind}, ${programs.length} process(es): ${rounds} bursts of ${GUESSES}: ${least} to ${worst} verified of a budget of ${BUDGET} (${tally})`,
    );
  });
}

/** A 503 costs no attempt; an attacker comes back. */
async function untilDecided(attempt: () => Promise<Answer> | undefined): Promise<Answer> {
  for (;;) {
    const answer = await attempt();
    if (answer !== undefined && answer.status !== 503) return answer;
    await sleep(Math.random() * 200);
  }
}

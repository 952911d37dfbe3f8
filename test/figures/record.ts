import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { judge, onStage, percentile, type Kind } from './stage.ts';

const A_SECOND = 100;

interface Feed {
  readonly items: ReadonlyArray<{ readonly at: string; readonly seq: number }>;
  readonly next: number;
}

/** A hundred audit events a second for a while, and a reader of the record: how long after its time is each seen? */
export async function record(kind: Kind, seconds = 20): Promise<void> {
  await onStage({ kind, count: kind === 'mysql' ? 2 : 1 }, async ({ programs, admin, adminToken: token }) => {
    const clients = programs.map(({ url }) => new Client(url));
    const page = await admin.expect<Feed>('GET', '/audit-events?after=0', { token });
    let next = page.next;
    let writing = true;
    const ages: number[] = [];
    const seen: number[] = [];
    const reader = (async () => {
      for (let idle = 0; writing || idle < 40;) {
        const read = await admin.expect<Feed>('GET', `/audit-events?after=${next}&limit=100`, { token });
        for (const { at, seq } of read.items) {
          ages.push(Date.now() - Date.parse(at));
          seen.push(seq);
        }
        idle = read.items.length === 0 ? idle + 1 : 0;
        next = read.next;
        if (read.items.length < 100) await sleep(50);
      }
    })();
    const written: Array<Promise<unknown>> = [];
    for (const begun = performance.now(); performance.now() - begun < seconds * 1_000;) {
      const role = { key: `role-${written.length}`, name: 'A role', permissions: ['users:read'] };
      const client = clients[written.length % clients.length];
      written.push(client?.expect('POST', '/roles', { token, body: role }) ?? Promise.resolve());
      await sleep(Math.max(0, (written.length * 1_000) / A_SECOND - (performance.now() - begun)));
    }
    await Promise.all(written);
    writing = false;
    await reader;
    for (const client of clients) client.close();
    const [first = 0] = seen;
    const isWhole = seen.every((seq, index) => seq === first + index) && seen.length >= written.length;
    const p99 = percentile(ages, 0.99);
    judge(
      isWhole && p99 <= 2_000,
      `${kind}, ${programs.length} process(es): ${written.length} events in ${seconds} s, ${seen.length} seen in order; p50 ${percentile(ages, 0.5)} ms, p99 ${p99} ms after their time`,
    );
  });
}

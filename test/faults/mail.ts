import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MailServer } from '../support/mail-server.ts';
import { deploy, pick } from './support/deployment.ts';
import { guard } from './support/janitor.ts';
import { finding, inOrder, timely, type Scenario } from './support/scenario.ts';

/** How many mails are written before each kill. */
const MAILS = 4;

/** A lease of a killed sender runs for a minute, and its heir looks every five seconds. */
const PATIENCE_MS = 120_000;

/**
 * No call writes mails yet, so a process of its own writes them through the built modules, each in a transaction. It does
 * not send: the two replicas find them when they look, or as soon as they are sending already.
 */
export const killedWhileMailing: Scenario = {
  name: 'kill -9 while mailing',
  injected: 'kill -9 of one of 2 replicas on MariaDB while 200 mails go out, 50 times (short: 6 and 24)',
  waits: true,
  run: (short) =>
    inOrder(async (later) => {
      const relay = await MailServer.start();
      later(() => relay.stop());
      // Slow enough that most kills meet a mail on its way.
      relay.delay = () => Math.random() * 400;
      const { replicas, settings, store } = await deploy(later, { settings: relay.env });
      const write = await startWriter(settings, later);
      const kills = short ? 6 : 50;
      for (let kill = 0; kill < kills; kill += 1) {
        await write(MAILS, `kill-${kill}`);
        const victim = pick(replicas, kill);
        // A look of the sender is at most five seconds away.
        const before = relay.steps.length;
        const deadline = Date.now() + 6_000;
        while (relay.steps.length === before && Date.now() < deadline) await sleep(5);
        await sleep(Math.random() * 600);
        await victim.kill();
        await victim.start();
      }
      const begun = Date.now();
      const waiting = async () => {
        const [row] = await store.rows("SELECT COUNT(*) AS n FROM outbox WHERE state = 'waiting'");
        return Number(row?.['n']);
      };
      while ((await waiting()) > 0 && Date.now() - begun < PATIENCE_MS) await sleep(200);
      const seconds = ((Date.now() - begun) / 1_000).toFixed(0);
      const states = await store.rows('SELECT state, COUNT(*) AS n FROM outbox GROUP BY state');
      const [again] = await store.rows('SELECT COUNT(*) AS n FROM outbox WHERE tries > 1');
      const byRecipient = Map.groupBy(relay.mails, ({ to }) => to);
      // How long it takes from the 250 until it is written down: only a kill in between makes a double.
      const done = await store.rows('SELECT id, done_at FROM outbox WHERE tries = 1');
      const doneAt = new Map(done.map(({ id, done_at }) => [`<${String(id)}@example.com>`, Number(done_at)]));
      const gaps = relay.mails
        .map(({ at, parsed }) => (doneAt.get(parsed.messageId ?? '') ?? NaN) - at)
        .filter((gap) => !Number.isNaN(gap))
        .toSorted((a, b) => a - b);
      const written = kills * MAILS;
      const doubled = [...byRecipient.values()].filter((mails) => mails.length > 1);
      const names = doubled.map((mails) => new Set(mails.map(({ parsed }) => parsed.messageId)).size);
      return [
        finding(
          'nothing is lost',
          byRecipient.size === written && states.length === 1 && states[0]?.['state'] === 'sent',
          `${byRecipient.size} of ${written} mails arrived after ${kills} kills, which met ${String(again?.['n'])} on their way`,
        ),
        finding(
          'a double only where the 250 was not written down, under the same Message-ID',
          doubled.length <= kills && names.every((count) => count === 1),
          `${doubled.length} of ${written} came twice, ${names.filter((count) => count > 1).length} under two names; the note follows after ${gaps[Math.floor(gaps.length / 2)]} ms, at most ${gaps.at(-1)}`,
        ),
        timely('all are out within 65 s of the last kill', Number(seconds) <= 65 + 10, `${seconds} s`),
      ];
    }),
};

async function startWriter(
  settings: Readonly<Record<string, string>>,
  later: (putAway: () => unknown) => void,
) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings };
  const child = fork(resolve('test/faults/support/enqueue-in-child.ts'), [resolve('dist')], { env });
  guard(child);
  later(() => child.kill());
  await once(child, 'message');
  return async (count: number, name: string) => {
    const written = once(child, 'message');
    child.send({ count, name });
    await written;
  };
}

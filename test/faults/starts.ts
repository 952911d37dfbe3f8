import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, record } from './support/client.ts';
import { deploy, newFolder, pick, WIDE_BUDGETS } from './support/deployment.ts';
import { Mariadb } from './support/mariadb.ts';
import { mustSignIn } from './support/people.ts';
import { Replica, runCommand } from './support/replica.ts';
import { finding, inOrder, type Scenario } from './support/scenario.ts';

export const parallelStarts: Scenario = {
  name: 'parallel starts',
  injected:
    'five replicas start at once on an empty database, 3 times (short: 1); five `migrate up` on SQLite',
  run: (short) =>
    inOrder(async (later) => {
      const server = await Mariadb.start();
      later(() => server.kill());
      const problems: string[] = [];
      let slowest = 0;
      for (let round = 0; round < (short ? 1 : 3); round += 1) {
        const url = await server.createDatabase(`gatehouse_${round}`);
        const dir = newFolder();
        const settings = { ...WIDE_BUDGETS, DATA_DIR: dir, DATABASE_URL: url };
        const begun = performance.now();
        const replicas = await Promise.all(Array.from({ length: 5 }, () => Replica.spawn(settings)));
        for (const replica of replicas) later(() => replica.kill());
        await Promise.all(replicas.map((replica) => replica.untilReady()));
        slowest = Math.max(slowest, performance.now() - begun);
        const applied = await server.rows('SELECT name, COUNT(*) AS n FROM schema_migrations GROUP BY name');
        const twice = applied.filter(({ n }) => Number(n) !== 1).length;
        if (applied.length === 0 || twice > 0) problems.push(`${twice} migrations twice`);
        const [users] = await server.rows('SELECT COUNT(*) AS n FROM users');
        if (Number(users?.['n']) !== 1) problems.push(`${String(users?.['n'])} administrators`);
        const { keys } = record(JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')));
        if (!Array.isArray(keys) || keys.length !== 2) problems.push('not one key of each use');
        const { access } = await mustSignIn(pick(replicas, 0));
        for (const replica of replicas) {
          if ((await replica.call('GET', '/me', { token: access })).status !== 200)
            problems.push('a token refused');
        }
        await Promise.all(replicas.map((replica) => replica.kill()));
      }
      const settings = { DATA_DIR: newFolder() };
      const outputs = await Promise.all(
        Array.from({ length: 5 }, () => runCommand(settings, 'migrate', 'up')),
      );
      const migrated = outputs.filter((text) => text.includes('applied ')).length;
      const done = problems.length === 0;
      return [
        finding(
          'migrated once; one administrator, one key of each use',
          done,
          done ? `all ready after ${(slowest / 1_000).toFixed(1)} s` : problems.join(', '),
        ),
        finding(
          'SQLite: one of five commands migrates',
          migrated === 1,
          `${migrated} of 5 applied something, all exit 0`,
        ),
      ];
    }),
};

export const endedSessions: Scenario = {
  name: 'ended sessions',
  injected: 'a session ended on one replica, and at once used on the other: 1,000 rounds (short: 60)',
  run: (short) =>
    inOrder(async (later) => {
      const { replicas, names } = await deploy(later);
      const rounds = short ? 60 : 1_000;
      let accepted = 0;
      let odd = 0;
      for (let round = 0; round < rounds; round += 1) {
        const [here, there] = round % 2 === 0 ? replicas : [replicas[1], replicas[0]];
        const { access, refresh } = await mustSignIn(here, pick(names, round));
        const body = { refresh_token: refresh };
        const during = call(there.base, 'GET', '/me', { token: access });
        const end =
          round % 3 === 0
            ? await here.call('POST', '/tokens/revoke', { body })
            : await here.call('POST', '/signout', { token: access });
        const [use, renewal] = await Promise.all([
          there.call('GET', '/me', { token: access }),
          there.call('POST', '/tokens/renew_access', { body }),
        ]);
        // What began before the end may go either way.
        await during;
        if (use.status === 200 || renewal.status === 200) accepted += 1;
        if (end.status !== 200 || ![200, 401].includes(use.status) || ![200, 401].includes(renewal.status))
          odd += 1;
      }
      return [
        finding(
          'no call that starts after the answer succeeds',
          accepted === 0 && odd === 0,
          `${rounds} rounds: ${accepted} accepted, ${odd} other answers`,
        ),
      ];
    }),
};

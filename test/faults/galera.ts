import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { judge, newLedger, writes } from './kills.ts';
import { newFolder, pick, WIDE_BUDGETS } from './support/deployment.ts';
import { balanceTcp } from './support/haproxy.ts';
import { sentBetween, slowest, tally } from './support/load.ts';
import { Mariadb } from './support/mariadb.ts';
import { addPeople, mustSignIn, openMysqlStore } from './support/people.ts';
import { Replica } from './support/replica.ts';
import { finding, inOrder, type Scenario } from './support/scenario.ts';

const PROVIDER = '/usr/lib/galera/libgalera_smm.so';

/** Three nodes on loopback, each with ports of its own; all of them take writes. */
async function startCluster(later: (putAway: () => unknown) => void): Promise<Mariadb[]> {
  if (!existsSync(PROVIDER)) throw new Error('Galera is needed: apt-get install galera-4 rsync');
  const groups = [await freePort(), await freePort(), await freePort()];
  const nodes: Mariadb[] = [];
  for (const [index, group] of groups.entries()) {
    const address = `127.0.0.1:${group}`;
    const options = [
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      `--wsrep-cluster-address=gcomm://${groups.map((one) => `127.0.0.1:${one}`).join(',')}`,
      `--wsrep-node-name=node${index}`,
      `--wsrep-node-address=${address}`,
      '--wsrep-sst-method=rsync',
      `--wsrep-sst-receive-address=127.0.0.1:${await freePort()}`,
      `--wsrep-provider-options=base_port=${group};gmcast.listen_addr=tcp://${address};ist.recv_addr=127.0.0.1:${await freePort()}`,
    ];
    const node = await Mariadb.start({ options, first: index === 0 ? ['--wsrep-new-cluster'] : [] });
    later(() => node.kill());
    nodes.push(node);
  }
  return nodes;
}

async function statusOf(node: Mariadb, name: string): Promise<string> {
  const [row] = await node.rows(`SHOW GLOBAL STATUS LIKE '${name}'`);
  return String(row?.['Value']);
}

async function sumOf(nodes: readonly Mariadb[], name: string): Promise<number> {
  const values = await Promise.all(nodes.map((node) => statusOf(node, name)));
  return values.map(Number).reduce((sum, value) => sum + value, 0);
}

export const galera: Scenario = {
  name: 'galera',
  injected: 'three nodes that all take writes of two replicas; kill -9 of one node under load',
  onRequest: true,
  run: (short) =>
    inOrder(async (later) => {
      const nodes = await startCluster(later);
      const [first, second, victim] = [pick(nodes, 0), pick(nodes, 1), pick(nodes, 2)];
      await first.createDatabase('gatehouse');
      const balancer = await balanceTcp(nodes.map(({ port }) => port));
      later(() => balancer.stop());
      const DATABASE_URL = `mariadb://root@127.0.0.1:${balancer.port}/gatehouse`;
      const settings = { ...WIDE_BUDGETS, DATA_DIR: newFolder(), DATABASE_URL };
      const replicas = [await Replica.start(settings), await Replica.start(settings)];
      for (const replica of replicas) later(() => replica.kill());
      const store = await openMysqlStore(`${first.url}/gatehouse`);
      later(() => store.close());
      const names = await addPeople(store, 8);

      let accepted = 0;
      const rounds = short ? 50 : 300;
      for (let round = 0; round < rounds; round += 1) {
        const { access } = await mustSignIn(pick(replicas, round), pick(names, round));
        const end = await pick(replicas, round).call('POST', '/signout', { token: access });
        const use = await pick(replicas, round + 1).call('GET', '/me', { token: access });
        if (end.status !== 200 || use.status !== 401) accepted += 1;
      }

      const ledger = newLedger();
      const loads = replicas.map((replica) => writes(replica, names, ledger));
      await sleep(5_000);
      const killed = performance.now();
      await victim.kill();
      await sleep(15_000);
      await victim.start();
      await sleep(8_000);
      const answers = (await Promise.all(loads.map((load) => load.stop()))).flat();
      const before = sentBetween(answers, 0, killed - 2_000);
      const failing = sentBetween(answers, killed - 2_000, killed + 10_000);
      const late = sentBetween(answers, killed + 10_000, Infinity);
      const other = answers.filter(({ status }) => status !== 200 && status !== 503);
      const failures = await sumOf([first, second], 'wsrep_local_cert_failures');
      const aborts = await sumOf([first, second], 'wsrep_local_bf_aborts');
      const [slow, what] = slowest(failing);
      const size = await statusOf(victim, 'wsrep_cluster_size');
      const judged = await judge(store, ledger, names);
      return [
        ...judged,
        finding(
          'no error before, only 503 while failing over',
          other.length === 0 && before.every(({ status }) => status === 200),
          `before ${tally(before)}; 10 s from the kill ${tally(failing)}, slowest ${slow} ms (${what}); later ${tally(late)}`,
        ),
        finding(
          'conflicts are run again, or answered 503',
          Number(failures) > 0 && other.length === 0,
          `${failures} certification failures, ${aborts} aborts, ${tally(answers)}`,
        ),
        finding(
          'what one node ended the others refuse at once',
          accepted === 0,
          `${rounds} rounds: ${accepted} accepted`,
        ),
        finding('the node comes back', size === '3', `cluster size ${size}`),
      ];
    }),
};

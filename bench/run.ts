/**
 * `npm run bench`: the floor, Gatehouse and what people would use instead, side by side in one run.
 *
 *     npm run bench -- [--rounds 4] [--seconds 3] [--no-peers] [--record]
 *     npm run bench -- growth [--sizes 1000,100000,1000000] [--seconds 5] [--record]
 *
 * It needs a MySQL or MariaDB server (TEST_DATABASE_URL, else root on 127.0.0.1:3306, else one of its own) and writes
 * only databases named gatehouse_bench_*. It asserts nothing: it reports. `--record` writes docs/performance.*.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openMysqlServer } from '../test/support/mysql-server.ts';
import { BenchDatabases } from './databases.ts';
import { makeSigningKey } from './people.ts';
import { measureGrowth } from './growth.ts';
import { machine } from './machine.ts';
import { reportOf } from './report.ts';
import { recordGrowth, recordSideBySide } from './record.ts';
import { growthTable, tableOf } from './table.ts';
import { measureSideBySide } from './side-by-side.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string' },
    peers: { type: 'boolean', default: true },
    record: { type: 'boolean', default: false },
    sizes: { type: 'string', default: '1000,100000,1000000' },
  },
  allowNegative: true,
});
const tell = (text: string) => process.stderr.write(`${text}\n`);

const server = await openMysqlServer();
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const databases = new BenchDatabases(server.url);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
}
try {
  await run();
} finally {
  await cleanUp();
}
process.exit();

async function run(): Promise<void> {
  const place = { folder, key: makeSigningKey(join(folder, 'keys')) };
  const about = { ...machine(), database: await databases.version() };
  if (positionals[0] === 'growth') {
    const lines = await measureGrowth(
      place,
      databases,
      {
        sizes: values.sizes.split(',').map(Number),
        sessionsPerUser: 5,
        seconds: Number(values.seconds ?? 3),
        rounds: 3,
      },
      tell,
    );
    process.stdout.write(growthTable(lines));
    save('growth', { machine: about, lines });
    if (values.record) recordGrowth(about, lines);
    return;
  }
  if (values.peers) installPeers();
  const measured = await measureSideBySide(
    place,
    databases,
    {
      rounds: Number(values.rounds),
      seconds: Number(values.seconds ?? 3),
      firstWarmUpSeconds: 4,
      warmUpSeconds: 1,
      connections: { renewal: 16, read: 16, list: 16, 'sign-in': 8 },
      starts: 3,
      peers: values.peers,
    },
    tell,
  );
  const report = reportOf(about, measured);
  process.stdout.write(tableOf(report));
  save('side-by-side', { ...report, samples: measured.samples, hashing: measured.hashing });
  if (values.record) recordSideBySide(report);
}

/** The peers have a lock file of their own and never touch the product's packages. */
function installPeers(): void {
  const peers = join(import.meta.dirname, 'peers');
  if (existsSync(join(peers, 'node_modules'))) return;
  tell('installing the peers (npm ci in bench/peers)');
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: peers, stdio: 'ignore' });
  } catch {
    tell('the peers could not be installed and are left out');
  }
}

function save(name: string, content: object): void {
  const artefacts = join(import.meta.dirname, '..', 'test-artefacts');
  mkdirSync(artefacts, { recursive: true });
  const file = join(artefacts, `bench-${name}.json`);
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  tell(`\nAll figures: ${file}`);
}

async function cleanUp(): Promise<void> {
  await databases.dropAll();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}

/**
 * `npm test`: the unit tests and both database lanes in one vitest run, then a summary a person or a script can read.
 * Its last line is `N passed, N failed`; that nothing ran is a failure too.
 *
 * Arguments go to vitest (`npm test -- sessions`, `npm test -- --project sqlite`). REQUIRE_MYSQL=1 makes a MySQL lane
 * that did not run a failure, REQUIRE_BROWSER=1 does the same for the browser. Node runs this file as it stands, so it
 * keeps to TypeScript that can be erased.
 */
import { type CliOptions, parseCLI, startVitest, type TestModule } from 'vitest/node';
import { findChromium } from './support/chromium.ts';
import { findMysqlServer } from './support/mysql-server.ts';

const LANES = ['unit', 'sqlite', 'mysql', 'browser'];

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const summary: string[] = [];
const troubles: string[] = [];
const total = { passed: 0, failed: 0 };

try {
  await run();
} catch (error) {
  console.error(error);
  fail(1, 'the test run broke off, see above');
}
if (total.passed + total.failed === 0) fail(1, 'no test ran');
console.log(['', ...summary, ...troubles, `${total.passed} passed, ${total.failed} failed`].join('\n'));
process.exit(total.failed === 0 ? 0 : 1);

async function run(): Promise<void> {
  const { filter, options } = parseCLI(['vitest', ...process.argv.slice(2)]);
  const asked = options.project === undefined ? LANES : [options.project].flat();
  const missing = asked.includes('mysql') ? await whyNoMysql() : undefined;
  const noBrowser = asked.includes('browser') && findChromium() === undefined;
  const lanes = asked.filter((lane) => !(lane === 'mysql' && missing) && !(lane === 'browser' && noBrowser));
  // An empty list would mean every project to vitest.
  const modules = lanes.length > 0 ? await runVitest(filter, { ...options, project: lanes }) : [];

  for (const lane of lanes) {
    const count = countTests(modules.filter((module) => module.project.name === lane));
    total.passed += count.passed;
    total.failed += count.failed;
    summary.push(`${lane}: ${describe(count)}`);
  }
  if (missing !== undefined) summary.push(`MySQL lane: did NOT run (${missing.reason})`);

  if (noBrowser) {
    summary.push('Browser part: did NOT run (no Chromium: apt-get install chromium)');
    if (process.env['REQUIRE_BROWSER'] === '1') fail(1, 'REQUIRE_BROWSER=1, and there is no browser');
  }

  const mysqlRan = modules.some((module) => module.project.name === 'mysql');
  if (missing?.isFailure) fail(1, 'TEST_DATABASE_URL is set, so this is a failure');
  else if (asked.includes('mysql') && !mysqlRan && process.env['REQUIRE_MYSQL'] === '1') {
    fail(1, 'REQUIRE_MYSQL=1, and no test of the MySQL lane ran');
  }
}

async function whyNoMysql(): Promise<{ reason: string; isFailure: boolean } | undefined> {
  try {
    const server = await findMysqlServer();
    return server.kind === 'none' ? { reason: server.reason, isFailure: false } : undefined;
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error), isFailure: true };
  }
}

async function runVitest(filter: string[], options: CliOptions): Promise<TestModule[]> {
  const vitest = await startVitest(filter, { ...options, watch: false });
  const modules = vitest.state.getTestModules();
  const unhandled = vitest.state.getUnhandledErrors().length;
  if (unhandled > 0) fail(unhandled, 'errors outside any test, see above');
  // Some failures leave no trace in the tests: a tear-down of the global setup, a coverage threshold.
  else if (process.exitCode && modules.length > 0 && countTests(modules).failed === 0)
    fail(1, 'vitest itself reported an error, see above');
  return modules;
}

function countTests(modules: TestModule[]): Count {
  const count: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    // A file that failed to load has no tests, a hook that failed only skipped ones: neither may look like success.
    for (const suite of [module, ...module.children.allSuites()]) {
      if (suite.errors().length > 0) count.failed += 1;
    }
    for (const test of module.children.allTests()) {
      const state = test.result().state;
      // Still pending at the end: its process died.
      count[state === 'pending' ? 'failed' : state] += 1;
    }
  }
  return count;
}

function describe(count: Count): string {
  if (count.passed + count.failed + count.skipped === 0) return 'no test matched';
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
  return `${count.passed} passed, ${count.failed} failed${skipped}`;
}

function fail(failures: number, why: string): void {
  total.failed += failures;
  troubles.push(`${failures} failed: ${why}`);
}

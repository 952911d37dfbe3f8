/**
 * Measures `GET /users` of a running service, whatever it holds: each sort and each filter alone, and a search with
 * each of them. Sequential, because a page is what one person waits for.
 *
 *     npm run cli -- seed --users 1000000
 *     GATEHOUSE_PASSWORD=… node bench/lists.ts http://127.0.0.1:3000 admin [role key …]
 */
const [base = 'http://127.0.0.1:3000', username = 'admin', ...roleKeys] = process.argv.slice(2);
const ROUNDS = 40;
const SORTS = ['created_at', '-created_at', 'username', '-username', 'last_sign_in_at', '-last_sign_in_at'];
const PAGES = [
  'page=1&page_size=20',
  'page=1&page_size=100',
  'page=500&page_size=20',
  'page=100&page_size=100',
];

interface Answer {
  readonly data: {
    readonly access_token: string;
    readonly total: number;
    readonly items: readonly unknown[];
  };
}

// Assigned by an answer to `ask`, which sends it from then on.
// oxlint-disable-next-line prefer-const
let token: string | undefined;
token = (await ask('POST', '/signin', { username, password: process.env['GATEHOUSE_PASSWORD'] ?? '' })).data
  .access_token;

const searches = ['li', 'xin.w', 'rosa.s', '王芳', '+861380012', 'xin', 'no-such-prefix'];
const filters = [
  '',
  'status=active',
  'status=disabled',
  'created_from=2026-11-01T00:00:00Z',
  'created_from=2024-06-01T00:00:00Z&created_to=2024-06-30T00:00:00Z',
  'created_to=2026-01-01T00:00:00Z',
  ...roleKeys.map((key) => `role=${key}`),
];

console.log('query | total | p50 ms | p99 ms | worst | failed');
console.log('--- | --- | --- | --- | --- | ---');
for (const filter of filters) await measure(filter);
for (const sort of SORTS) await measure(`sort=${sort}`);
for (const q of searches) {
  const search = `q=${encodeURIComponent(q)}`;
  await measure(search);
  for (const filter of filters.slice(1)) await measure(`${search}&${filter}`);
  for (const sort of SORTS) await measure(`${search}&sort=${sort}`);
}
if (process.env['COMBINATIONS'] !== undefined) {
  for (const filter of filters.slice(1)) for (const sort of SORTS) await measure(`${filter}&sort=${sort}`);
}

async function measure(query: string): Promise<void> {
  const times: number[] = [];
  let total = 0;
  let refused = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = `/users?${PAGES[round % PAGES.length]}${query === '' ? '' : `&${query}`}`;
    const before = performance.now();
    // What is promised of some is an answer or 503.
    const answer = await ask('GET', path).catch(() => undefined);
    total = answer?.data.total ?? total;
    refused += answer === undefined ? 1 : 0;
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN).toFixed(1);
  console.log(
    `\`${decodeURIComponent(query)}\` | ${total} | ${at(0.5)} | ${at(0.99)} | ${at(1)} | ${refused}`,
  );
}

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(base + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

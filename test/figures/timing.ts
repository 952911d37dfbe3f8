import { Client } from './client.ts';
import { judge, onStage, PASSWORD, percentile, say, type Kind, type Stage } from './stage.ts';

const NO_LIMIT = '1000000000';
const ENV = {
  SIGNIN_ACCOUNT_ATTEMPTS: NO_LIMIT,
  SIGNIN_ADDRESS_ATTEMPTS: NO_LIMIT,
  CODE_ADDRESS_REQUESTS: NO_LIMIT,
  CODE_SENDS: NO_LIMIT,
  CODE_ATTEMPTS: NO_LIMIT,
  SIGNUP: 'open',
};

/** What is tried for each class of names; the first is compared with each of the others. */
interface Attempts {
  readonly what: string;
  readonly path: string;
  readonly classes: Readonly<Record<string, () => object>>;
}

/**
 * Can time tell an unknown name from an account? Every pair is one attempt of each class, in random order; the AUC is
 * the chance that an attempt of the one class took longer than one of the other, 0.5 when nothing can be told.
 */
export async function timing(kind: Kind, pairs = 2_000): Promise<void> {
  await onStage({ kind, env: ENV }, async (stage) => {
    await makePeople(stage);
    for (const attempts of [signIns(), requestsForCodes(), resets(), signUps()])
      await compare(stage, kind, pairs, attempts);
  });
}

async function makePeople({ createUser, admin, adminToken }: Stage): Promise<void> {
  await createUser('known.person', { email: 'known@example.com' });
  const disabled = await createUser('disabled.person', { email: 'disabled@example.com' });
  await admin.expect('POST', `/users/${disabled}/disable`, { token: adminToken });
  await createUser('silent.person');
}

let serial = 0;
const next = () => (serial += 1);

function signIns(): Attempts {
  const body = (username: string, password = 'not the password') => ({ username, password });
  const classes = {
    'a known name, wrong password': () => body('known.person'),
    'an unknown name': () => body('unknown.person'),
    'ever new unknown names': () => body(`unknown.person.${next()}`),
    'a disabled account, right password': () => body('disabled.person', PASSWORD),
  };
  return { what: 'signing in', path: '/signin', classes };
}

function requestsForCodes(): Attempts {
  const classes = {
    'a known name': () => ({ username: 'known.person' }),
    'an unknown name': () => ({ username: 'unknown.person' }),
    'ever new unknown addresses': () => ({ username: `unknown.${next()}@example.com` }),
    'a disabled account': () => ({ username: 'disabled.person' }),
    'an account without an address': () => ({ username: 'silent.person' }),
  };
  return { what: 'asking for a code', path: '/password/codes', classes };
}

function resets(): Attempts {
  const body = (username: string) => ({
    username,
    code: '000000',
    new_password: 'harbour-violet-compass-88',
  });
  const classes = {
    'a known name, wrong code': () => body('known.person'),
    'an unknown name': () => body('unknown.person'),
    'ever new unknown names': () => body(`unknown.person.${next()}`),
    'a disabled account': () => body('disabled.person'),
  };
  return { what: 'a wrong code', path: '/password/reset', classes };
}

function signUps(): Attempts {
  const classes = {
    'an address that has an account': () => ({ email: 'known@example.com' }),
    'an unknown address': () => ({ email: 'unknown@example.com' }),
  };
  return { what: 'asking to sign up', path: '/signup/codes', classes };
}

async function compare(stage: Stage, kind: Kind, pairs: number, attempts: Attempts): Promise<void> {
  const { what, path, classes } = attempts;
  const client = new Client(stage.programs[0]?.url ?? '');
  const times = new Map(Object.keys(classes).map((name) => [name, [] as number[]]));
  const texts = new Set<string>();
  for (let pair = -50; pair < pairs; pair += 1) {
    const order = Object.keys(classes).toSorted(() => Math.random() - 0.5);
    for (const name of order) {
      const answer = await client.call('POST', path, { body: classes[name]?.() });
      texts.add(`${answer.status} ${answer.text}`);
      // The first ones warm up.
      if (pair >= 0) times.get(name)?.push(answer.ms);
    }
  }
  client.close();
  const answers = `${texts.size} different answers: ${[...texts].join(' | ')}`;
  judge(texts.size === 1, `${kind}, ${what}: ${pairs * times.size} attempts, ${answers}`);
  for (const [name, values] of times) {
    const [median, p95] = [percentile(values, 0.5), percentile(values, 0.95)];
    say(`        ${name}: median ${median.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`);
  }
  const [[, known] = ['', []], ...others] = [...times];
  for (const [name, values] of others) {
    const area = auc(values, known);
    const verdict = `AUC ${area.toFixed(3)} over ${pairs} pairs, ${name} against a known one`;
    judge(area >= 0.46 && area <= 0.54, `${kind}, ${what}: ${verdict}`);
  }
}

/** The Mann–Whitney statistic: the share of pairs in which `a` is greater, ties counted half. */
function auc(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))];
  all.sort((x, y) => x.value - y.value);
  let ranks = 0;
  all.forEach(({ isA }, index) => {
    if (isA) ranks += index + 1;
  });
  return (ranks - (a.length * (a.length + 1)) / 2) / (a.length * b.length);
}

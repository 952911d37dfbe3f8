import { Client } from './client.ts';
import { judge, onStage, PASSWORD, percentile, say, type Kind } from './stage.ts';

const NO_LIMIT = '1000000000';

/**
 * Can time tell an unknown name from an account? Every pair is one attempt of each class, in random order; the AUC is
 * the chance that an attempt of the one class took longer than one of the other, 0.5 when nothing can be told.
 */
export async function timing(kind: Kind, pairs = 2_000): Promise<void> {
  const env = { SIGNIN_ACCOUNT_ATTEMPTS: NO_LIMIT, SIGNIN_ADDRESS_ATTEMPTS: NO_LIMIT };
  await onStage({ kind, env }, async ({ programs, createUser, admin, adminToken }) => {
    await createUser('known.person');
    const disabled = await createUser('disabled.person');
    await admin.expect('POST', `/users/${disabled}/disable`, { token: adminToken });
    const client = new Client(programs[0]?.url ?? '');
    let serial = 0;
    const classes: Record<string, () => [string, string]> = {
      'a known name, wrong password': () => ['known.person', 'not the password'],
      'an unknown name': () => ['unknown.person', 'not the password'],
      'ever new unknown names': () => [`unknown.person.${(serial += 1)}`, 'not the password'],
      'a disabled account, right password': () => ['disabled.person', PASSWORD],
    };
    const times = new Map(Object.keys(classes).map((name) => [name, [] as number[]]));
    const texts = new Set<string>();
    for (let pair = -50; pair < pairs; pair += 1) {
      const order = Object.keys(classes).toSorted(() => Math.random() - 0.5);
      for (const name of order) {
        const [username, password] = classes[name]?.() ?? ['', ''];
        const answer = await client.guess(username, password);
        texts.add(`${answer.status} ${answer.text}`);
        // The first ones warm up.
        if (pair >= 0) times.get(name)?.push(answer.ms);
      }
    }
    client.close();
    judge(
      texts.size === 1,
      `${kind}: ${pairs * 4} failures, ${texts.size} different answers: ${[...texts].join(' | ')}`,
    );
    const [[, known] = ['', []], ...others] = [...times];
    for (const [name, values] of times) {
      say(
        `        ${name}: median ${percentile(values, 0.5).toFixed(2)} ms, p95 ${percentile(values, 0.95).toFixed(2)} ms`,
      );
    }
    for (const [name, values] of others) {
      const area = auc(values, known);
      judge(
        area >= 0.46 && area <= 0.54,
        `${kind}: AUC ${area.toFixed(3)} over ${pairs} pairs, ${name} against a known one`,
      );
    }
  });
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

import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { record, textOf } from './support/client.ts';
import { deploySqlite, newFolder, pick } from './support/deployment.ts';
import { Load, tally } from './support/load.ts';
import { mustSignIn } from './support/people.ts';
import { runCommand, type Replica } from './support/replica.ts';
import { finding, timely, inOrder, type Scenario } from './support/scenario.ts';

/**
 * Another service that verifies tokens by itself: it keeps the key set, and asks again only for a key it does not know
 * and at most once in 30 seconds, as common libraries do.
 */
class Verifier {
  verified = 0;
  refused = 0;
  fetched = 0;
  private keys = new Map<string, KeyObject>();
  private fetchedAt = -Infinity;
  private fetching: Promise<void> | undefined;
  private readonly replica: Replica;

  constructor(replica: Replica) {
    this.replica = replica;
  }

  async check(token: string): Promise<void> {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const { kid } = record(JSON.parse(Buffer.from(head, 'base64url').toString()));
    if (!this.keys.has(textOf(kid)) && performance.now() - this.fetchedAt > 30_000) {
      this.fetching ??= this.fetch().finally(() => (this.fetching = undefined));
      await this.fetching;
    }
    const key = this.keys.get(textOf(kid));
    const data = Buffer.from(`${head}.${claims}`);
    const proof = Buffer.from(signature, 'base64url');
    const good = key !== undefined && verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, proof);
    if (good) this.verified += 1;
    else this.refused += 1;
  }

  private async fetch(): Promise<void> {
    this.fetched += 1;
    for (const jwk of await publishedBy(this.replica)) {
      this.keys.set(textOf(jwk['kid']), createPublicKey({ key: jwk, format: 'jwk' }));
    }
    this.fetchedAt = performance.now();
  }
}

async function publishedBy(replica: Replica): Promise<readonly Record<string, unknown>[]> {
  const { keys } = record((await replica.call('GET', '/.well-known/jwks.json')).body);
  return Array.isArray(keys) ? keys.map(record) : [];
}

/** Milliseconds until every replica publishes this key, or no longer does. */
async function pickUp(replicas: readonly Replica[], kid: string, wanted: boolean): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < 60_000) {
    const seen = await Promise.all(
      replicas.map(async (one) => (await publishedBy(one)).some((jwk) => jwk['kid'] === kid)),
    );
    if (seen.every((one) => one === wanted)) break;
    await sleep(100);
  }
  return performance.now() - begun;
}

/** Lets a key file look older than it is, instead of waiting for it. */
async function age(dir: string, minutes: number): Promise<void> {
  const then = Date.now() / 1_000 - minutes * 60;
  for (const name of await readdir(dir)) {
    if (/^(next|previous)-/.test(name)) await utimes(join(dir, name), then, then);
  }
}

export const keyRotation: Scenario = {
  name: 'key rotation',
  injected: 'keys generate, rotate, retire by the CLI under load; a verifier that caches the JWKS',
  waits: true,
  run: () =>
    inOrder(async (later) => {
      // Two processes that share nothing but the keys, which is all that this is about.
      const dir = newFolder();
      const settings = { SIGNING_KEYS_DIR: dir, ACCESS_TOKEN_TTL: '1m' };
      const one = await deploySqlite(later, settings, 1);
      const two = await deploySqlite(later, settings, 1);
      const replicas = [one.replica, two.replica];
      const verifier = new Verifier(two.replica);
      const sessions = await Promise.all(replicas.map((replica) => mustSignIn(replica)));
      const tokens = sessions.map(({ access }) => access);
      const load = new Load(4, 40, async (worker, turn) => {
        const replica = pick(replicas, worker);
        const own = worker % replicas.length;
        if (turn % 2 === 0) {
          const refresh_token = pick(sessions, own).refresh;
          const answer = await replica.call('POST', '/tokens/renew_access', { body: { refresh_token } });
          tokens[own] = textOf(answer.data['access_token']);
          await verifier.check(pick(tokens, own));
          return answer;
        }
        return replica.call('GET', '/me', { token: pick(tokens, own) });
      });
      const command = (...args: readonly string[]) =>
        runCommand({ DATA_DIR: newFolder(), ...settings }, 'keys', ...args);
      const kidIn = (text: string, state: string) => new RegExp(`${state}\\s+(\\S+)`).exec(text)?.[1] ?? '';
      const next = kidIn(await command('generate'), 'next');
      const published = await pickUp(replicas, next, true);
      const early = await command('rotate').then(
        () => 'rotated',
        () => 'refused',
      );
      await age(dir, 11);
      const rotated = await command('rotate');
      const newest = await pickUp(replicas, kidIn(rotated, 'next'), true);
      await sleep(2_000);
      const signing = tokens.map((token) =>
        textOf(record(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()))['kid']),
      );
      await age(dir, 11);
      await command('retire');
      const gone = await pickUp(replicas, kidIn(rotated, 'previous'), false);
      await sleep(1_000);
      const answers = await load.stop();
      const slowest = Math.max(published, newest, gone);
      return [
        timely(
          'replicas pick changes up within 30 s',
          slowest <= 31_000,
          `generated ${sec(published)}, rotated ${sec(newest)}, retired ${sec(gone)}`,
        ),
        finding(
          'no verification fails',
          verifier.refused === 0 && verifier.verified > 100,
          `${verifier.verified} verified, ${verifier.refused} refused, JWKS fetched ${verifier.fetched} times`,
        ),
        finding(
          'no call fails',
          answers.every(({ status }) => status === 200),
          tally(answers),
        ),
        finding(
          'the next key signs',
          signing.every((kid) => kid === next),
          `${signing.filter((kid) => kid === next).length} of ${signing.length} replicas sign with it`,
        ),
        finding('a rotation too early is refused', early === 'refused', early),
      ];
    }),
};

function sec(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

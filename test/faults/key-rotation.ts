import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { record, textOf, type Answer } from './support/client.ts';
import { deploySqlite, newFolder, pick } from './support/deployment.ts';
import { Load, tally } from './support/load.ts';
import { mustSignIn, signIn } from './support/people.ts';
import { runCommand, type Replica } from './support/replica.ts';
import { finding, timely, inOrder, type Scenario } from './support/scenario.ts';

/**
 * How often the verifier asks for the key set at most, in milliseconds. Common libraries ask every 30 seconds; but a key
 * is announced for ten minutes, and here it signs a moment after every replica publishes it.
 */
const PAUSE = 3_000;

/** Another service that verifies tokens by itself: it keeps the key set, and asks again only for a key it does not know. */
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
    const kid = kidOf(token);
    if (!this.keys.has(kid) && performance.now() - this.fetchedAt > PAUSE) {
      this.fetching ??= this.fetch().finally(() => (this.fetching = undefined));
      await this.fetching;
    }
    const key = this.keys.get(kid);
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

/** Lets next and previous keys look older than they are, instead of waiting for them. */
function age(file: string, minutes: number): void {
  const { keys } = record(JSON.parse(readFileSync(file, 'utf8')));
  const aged = (Array.isArray(keys) ? keys.map(record) : []).map((key) =>
    key['status'] === 'current' ? key : { ...key, status_at: Number(key['status_at']) - minutes * 60 },
  );
  writeFileSync(`${file}.aged`, JSON.stringify({ keys: aged }), { mode: 0o600 });
  renameSync(`${file}.aged`, file);
}

/** The id that a command printed for a key of this status and use. */
function kidIn(text: string, status: string, use: 'sig' | 'enc'): string {
  return new RegExp(`${status}\\s+${use} (\\S+)`).exec(text)?.[1] ?? '';
}

const ROTATIONS = 3;

export const keyRotation: Scenario = {
  name: 'key rotation',
  injected:
    'keys generate, 3 × rotate, retire by the CLI, of both uses, under load with sign-ins; a verifier that caches the JWKS',
  waits: true,
  run: () =>
    inOrder(async (later) => {
      // Two processes that share nothing but the keys, which is all that this is about.
      const file = join(newFolder(), 'keys.json');
      const settings = { KEYS_FILE: file, ACCESS_TOKEN_TTL: '1m' };
      const one = await deploySqlite(later, settings, 4);
      const two = await deploySqlite(later, settings, 4);
      const replicas = [one.replica, two.replica];
      const verifier = new Verifier(two.replica);
      const sessions = await Promise.all(replicas.map((replica) => mustSignIn(replica)));
      const tokens = sessions.map(({ access }) => access);
      const signIns: Answer[] = [];
      const load = new Load(4, 40, async (worker, turn) => {
        const replica = pick(replicas, worker);
        const own = worker % replicas.length;
        if (turn % 4 === 0) {
          const answer = await signIn(replica, pick(one.names, turn));
          signIns.push(answer);
          if (answer.status === 200) await verifier.check(textOf(answer.data['access_token']));
          return answer;
        }
        if (turn % 4 === 2) {
          const refresh_token = pick(sessions, own).refresh;
          const answer = await replica.call('POST', '/tokens/renew_access', { body: { refresh_token } });
          tokens[own] = textOf(answer.data['access_token']);
          await verifier.check(pick(tokens, own));
          return answer;
        }
        return replica.call('GET', '/me', { token: pick(tokens, own) });
      });
      const command = (...args: readonly string[]) => runCommand(one.settings, 'keys', ...args);
      const refused = async (...args: readonly string[]) =>
        command(...args).then(
          () => false,
          () => true,
        );
      let next = kidIn(await command('generate'), 'next', 'sig');
      const waits = [await pickUp(replicas, next, true)];
      const early: boolean[] = [];
      const signedBy: boolean[] = [];
      let rotated = '';
      for (let turn = 0; turn < ROTATIONS; turn += 1) {
        await sleep(PAUSE);
        early.push(await refused('rotate'));
        age(file, 11);
        rotated = await command('rotate');
        for (const use of ['sig', 'enc'] as const)
          early.push(await refused('retire', kidIn(rotated, 'previous', use)));
        const current = next;
        next = kidIn(rotated, 'next', 'sig');
        waits.push(await pickUp(replicas, next, true));
        await sleep(2_000);
        signedBy.push(...tokens.map((token) => kidOf(token) === current));
      }
      age(file, 16);
      const retired = (await command('retire')).match(/^retired/gm)?.length ?? 0;
      waits.push(await pickUp(replicas, kidIn(rotated, 'previous', 'sig'), false));
      await sleep(1_000);
      const answers = await load.stop();
      const sealing = (await command('list')).match(/^\w+ +enc /gm)?.length ?? 0;
      const done = [`${signIns.length} sign-ins`, tally(answers)].join('; ');
      return [
        timely(
          'replicas pick changes up within 30 s',
          Math.max(...waits) <= 31_000,
          `${waits.length} changes, the slowest after ${sec(Math.max(...waits))}`,
        ),
        finding(
          'no verification fails',
          verifier.refused === 0 && verifier.verified > 100,
          `${verifier.verified} verified, ${verifier.refused} refused, JWKS fetched ${verifier.fetched} times`,
        ),
        finding(
          'no sign-in and no other call fails',
          signIns.length > 50 && answers.every(({ status }) => status === 200),
          done,
        ),
        finding(
          'the next key signs after each rotation',
          signedBy.every(Boolean),
          `${signedBy.filter(Boolean).length} of ${signedBy.length} looks at a replica`,
        ),
        finding(
          'rotating and retiring too early is refused, for both uses',
          early.every(Boolean),
          `${early.filter(Boolean).length} of ${early.length} refused`,
        ),
        finding(
          'every previous key goes, of both uses',
          retired === 2 * ROTATIONS && sealing === 2,
          `${retired} retired; ${sealing} sealing keys left`,
        ),
      ];
    }),
};

function kidOf(token: string): string {
  return textOf(record(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()))['kid']);
}

function sec(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

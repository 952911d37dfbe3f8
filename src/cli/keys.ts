import { Option, type Command } from 'commander';
import { generateKeys, retireKeys, rotateKeys } from '../keyring/key-rotation.js';
import { KEY_USES, type Key, type KeyUse } from '../keyring/key-set.js';
import { KeyUses } from '../keyring/key-uses.js';
import { readKeys } from '../keyring/keys-file.js';
import { importPemKeys } from '../keyring/pem-import.js';
import { Clock } from '../platform/time/clock.js';
import { inModules, say, type Settings } from './modules.js';

interface Options {
  readonly use?: KeyUse;
  readonly force?: boolean;
}

export function addKeys(program: Command, settings: Settings): void {
  const keys = program.command('keys').description('signing and sealing keys, in KEYS_FILE');
  const clock = new Clock();
  keys
    .command('generate')
    .description('make the current keys that are missing, or else the next ones')
    .addOption(useOption())
    .action(async ({ use }: Options) => {
      const options = { now: clock.now(), uses: usesOf(use) };
      sayKeys(await generateKeys(settings().keyring.keysFile, options));
    });
  keys
    .command('rotate')
    .description('use the next keys from now on, and make other next ones')
    .addOption(useOption())
    .option('--force', 'at once, even if nobody may know the next key yet')
    .action(async ({ use, force = false }: Options) => {
      const options = { now: clock.now(), uses: usesOf(use), force };
      sayKeys(await rotateKeys(settings().keyring.keysFile, options));
    });
  keys
    .command('retire')
    .description('remove previous keys that nothing needs any more')
    .argument('[kid]', 'one key instead of all')
    .addOption(useOption())
    .option('--force', 'at once: what it signed or sealed is worthless then')
    .action(async (kid: string | undefined, options: Options) => retire(settings, clock, kid, options));
  keys
    .command('list')
    .description('every key with its status, its use and since when')
    .action(() => {
      for (const { status, use, kid, since } of readKeys(settings().keyring.keysFile)) {
        say(`${status.padEnd(8)} ${use} ${kid}  since ${new Date(since).toISOString()}`);
      }
    });
  keys
    .command('import-pem')
    .description('take over the signing keys of earlier versions')
    .argument('<folder>', 'the folder that SIGNING_KEYS_DIR named')
    .action(async (folder: string) => {
      sayKeys(await importPemKeys(settings().keyring.keysFile, folder, clock.now()));
    });
}

async function retire(
  settings: Settings,
  clock: Clock,
  kid: string | undefined,
  options: Options,
): Promise<void> {
  const { use, force = false } = options;
  const config = settings();
  const { keysFile } = config.keyring;
  const uses = usesOf(use);
  const all = { now: clock.now(), accessTtl: config.tokens.accessTtl, kid, uses, force };
  const isAsked = (key: Key) => uses.includes(key.use) && (kid === undefined || key.kid === kid);
  // Only rows can name a sealing key, so only then the database is asked.
  const asksRows =
    !force &&
    readKeys(keysFile).some((key) => key.use === 'enc' && key.status === 'previous' && isAsked(key));
  const { retired, kept } = asksRows
    ? await inModules(config, (modules) => {
        const named = modules.get(KeyUses);
        return retireKeys(keysFile, { ...all, namedBy: (one) => named.inWords(one) });
      })
    : await retireKeys(keysFile, all);
  for (const reason of kept) say(reason);
  for (const key of retired) say(`retired  ${key.use} ${key.kid}`);
  if (retired.length === 0) say('Nothing to retire.');
}

function useOption(): Option {
  return new Option('--use <use>', 'only keys of this use').choices(KEY_USES);
}

function usesOf(use: KeyUse | undefined): readonly KeyUse[] {
  return use === undefined ? KEY_USES : [use];
}

function sayKeys(keys: readonly Key[]): void {
  for (const { status, use, kid } of keys) say(`${status.padEnd(8)} ${use} ${kid}`);
}

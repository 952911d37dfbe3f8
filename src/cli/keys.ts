import type { Command } from 'commander';
import { Clock } from '../platform/time/clock.js';
import { listKeys, theCurrent } from '../tokens/key-files.js';
import { ensureCurrentKey, generateKeyFile, retireKeys, rotateKeys } from '../tokens/key-rotation.js';
import { say, type Settings } from './modules.js';

export function addKeys(program: Command, settings: Settings): void {
  const keys = program.command('keys').description('signing keys, in SIGNING_KEYS_DIR');
  keys
    .command('generate')
    .description('make the first signing key, or else the next one')
    .action(async () => {
      const { signingKeysDir } = settings().tokens;
      const hasCurrent = theCurrent(await listKeys(signingKeysDir).catch(() => [])) !== undefined;
      if (hasCurrent) say(`next     ${await generateKeyFile(signingKeysDir, 'next')}`);
      else say(`current  ${await ensureCurrentKey(signingKeysDir)}`);
    });
  keys
    .command('rotate')
    .description('sign with the next key from now on, and make another next one')
    .option('--force', 'at once, even if verifiers may not know the key yet')
    .action(async ({ force = false }: { force?: boolean }) => {
      const rotation = await rotateKeys(settings().tokens.signingKeysDir, { now: new Clock().now(), force });
      say(`current  ${rotation.current}`);
      if (rotation.previous !== undefined) say(`previous ${rotation.previous}`);
      say(`next     ${rotation.next}`);
    });
  keys
    .command('retire')
    .description('remove previous keys whose tokens have all expired')
    .argument('[kid]', 'one key instead of all')
    .option('--force', 'at once: tokens signed with it end now')
    .action(async (kid: string | undefined, { force = false }: { force?: boolean }) => {
      const { signingKeysDir, accessTtl } = settings().tokens;
      const options = { now: new Clock().now(), accessTtl, force };
      const retired = await retireKeys(signingKeysDir, kid === undefined ? options : { ...options, kid });
      say(retired.length === 0 ? 'Nothing to retire.' : `retired  ${retired.join(', ')}`);
    });
  keys
    .command('list')
    .description('every key with its state and since when')
    .action(async () => {
      for (const { state, kid, since } of await listKeys(settings().tokens.signingKeysDir)) {
        say(`${state.padEnd(8)} ${kid}  since ${new Date(since).toISOString()}`);
      }
    });
}

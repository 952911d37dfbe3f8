import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig, type Config } from '../config/config.js';
import { bootstrapPasswordRefusals } from '../credentials/password-policy.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { inModules, say } from './modules.js';

export function addConfig(program: Command, env = process.env): void {
  program
    .command('config')
    .description('the configuration')
    .command('check')
    .description('read all settings as the server would, and tell what is wrong')
    .action(async () => {
      const config = loadConfig(env, bootstrapPasswordRefusals);
      for (const warning of config.warnings) say(`Warning: ${warning}`);
      const lost = await passkeysOfOtherDomains(config);
      if (lost > 0)
        say(`Warning: ${lost} passkeys were made for another WEBAUTHN_RP_ID, and do not work with this one.`);
      say(`The settings are fine (${config.service.production ? 'production' : 'trial'}).`);
    });
}

/** None where no database can be asked: settings are checked before there is one, too. */
async function passkeysOfOtherDomains(config: Config): Promise<number> {
  const { database } = config;
  // Not made for the sake of the question.
  if (database.kind === 'sqlite' && !existsSync(database.file)) return 0;
  try {
    return await inModules(
      config,
      (modules) => modules.get(Passkeys, { strict: false }).countUnusable(),
      false,
    );
  } catch {
    return 0;
  }
}

import type { Command } from 'commander';
import { loadConfig } from '../config/config.js';
import { bootstrapPasswordRefusals } from '../credentials/password-policy.js';
import { say } from './modules.js';

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('the configuration')
    .command('check')
    .description('read all settings as the server would, and tell what is wrong')
    .action(() => {
      const config = loadConfig(process.env, bootstrapPasswordRefusals);
      for (const warning of config.warnings) say(`Warning: ${warning}`);
      say(`The settings are fine (${config.service.production ? 'production' : 'trial'}).`);
    });
}

import type { Command } from 'commander';
import { OPERATOR } from '../platform/security/auth-context.js';
import { FactorAdministration } from '../users/factor-administration.service.js';
import { UserAdministrationService } from '../users/user-administration.service.js';
import { inModules, passwordFromInput, say, userNamed, type Settings } from './modules.js';

const IDENTIFIER = 'user name, e-mail address or phone number';

export function addUsers(program: Command, settings: Settings): void {
  const users = program.command('users').description('users');
  users
    .command('reset-password')
    .description('set a password, read from standard input, and end all sessions of the user')
    .argument('<identifier>', IDENTIFIER)
    .action(async (identifier: string) => {
      const config = settings();
      const find = userNamed(identifier, config);
      const password = await passwordFromInput();
      await inModules(config, async (modules) => {
        const user = await find(modules);
        await modules
          .get(UserAdministrationService)
          .setPassword(OPERATOR, user.id, password, { field: 'password' });
        say(`Set the password of ${user.username} and ended all sessions of this user.`);
      });
    });
  users
    .command('reset-factors')
    .description('remove all second factors of a user who has lost them, and end all sessions')
    .argument('<identifier>', IDENTIFIER)
    .action(async (identifier: string) => {
      const config = settings();
      const find = userNamed(identifier, config);
      await inModules(config, async (modules) => {
        const user = await find(modules);
        await modules.get(FactorAdministration).reset(OPERATOR, user.id);
        say(`Removed the second factors of ${user.username} and ended all sessions of this user.`);
      });
    });
}

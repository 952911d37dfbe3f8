import type { Command } from 'commander';
import { OPERATOR } from '../platform/security/auth-context.js';
import { UserAdministrationService } from '../users/user-administration.service.js';
import { inModules, passwordFromInput, say, userNamed, type Settings } from './modules.js';

export function addUsers(program: Command, settings: Settings): void {
  program
    .command('users')
    .description('users')
    .command('reset-password')
    .description('set a password, read from standard input, and end all sessions of the user')
    .argument('<identifier>', 'user name, e-mail address or phone number')
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
}

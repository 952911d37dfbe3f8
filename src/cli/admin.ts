import type { Command } from 'commander';
import { ADMINISTRATOR } from '../access/access.service.js';
import { OPERATOR } from '../platform/security/auth-context.js';
import { UsersService } from '../users/users.service.js';
import { inModules, passwordFromInput, say, type Settings } from './modules.js';

export function addAdmin(program: Command, settings: Settings): void {
  program
    .command('admin')
    .description('administrators')
    .command('create')
    .description('create an administrator; the password comes from standard input')
    .argument('<username>')
    .option('--full-name <name>', 'shown to people', 'Administrator')
    .option('--email <address>')
    .action(async (username: string, options: { fullName: string; email?: string }) => {
      const config = settings();
      const password = await passwordFromInput();
      const { user } = await inModules(config, (modules) =>
        modules
          .get(UsersService)
          .create(OPERATOR, { username, ...options, password, roles: [ADMINISTRATOR] }),
      );
      say(`Created the administrator ${user.username}.`);
    });
}

import type { Command } from 'commander';
import { OPERATOR } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { FactorAdministration } from '../users/factor-administration.service.js';
import { inModules, say, userNamed, type Settings } from './modules.js';
import { StartError } from './start-error.js';

interface Options {
  readonly all?: boolean;
  readonly withKeys?: boolean;
  readonly withoutFactor?: boolean;
}

export function addSessions(program: Command, settings: Settings): void {
  program
    .command('sessions')
    .description('sessions')
    .command('revoke')
    .description('end the sessions of a user, or of everybody, at once on every replica')
    .argument('[identifier]', 'user name, e-mail address or phone number')
    .option('--all', 'everybody')
    .option('--with-keys', 'with --all: the keys of programs, too')
    .option('--without-factor', 'of everybody who must have a second factor and has none')
    .action(async (identifier: string | undefined, options: Options) => {
      const { all = false, withKeys = false, withoutFactor = false } = options;
      const named = identifier !== undefined;
      if ([all, withoutFactor, named].filter(Boolean).length !== 1)
        throw new StartError('Name a user, or say --all or --without-factor.');
      if (withKeys && !all) throw new StartError('Say --with-keys together with --all.');
      const config = settings();
      const find = identifier === undefined ? undefined : userNamed(identifier, config);
      const ended = await inModules(config, async (modules) => {
        const sessions = modules.get(SessionsService);
        if (withoutFactor) return modules.get(FactorAdministration).revokeWithoutFactor(OPERATOR);
        if (find === undefined) return sessions.revokeEverybody(OPERATOR, withKeys);
        return sessions.revokeAll((await find(modules)).id, OPERATOR);
      });
      say(`Ended ${ended} sessions.`);
    });
}

import type { Command } from 'commander';
import { inModules, say, type Settings } from './modules.js';
import { StartError } from './start-error.js';

export function addSeed(program: Command, settings: Settings): void {
  program
    .command('seed')
    .description('fill the database with people who do not exist, to look at a full system')
    .requiredOption('--users <number>', 'how many people', wholeNumber('--users'))
    .option('--sessions <number>', 'live sessions, spread over them', wholeNumber('--sessions'), 0)
    .action(async (options: { users: number; sessions: number }) => {
      const { seed } = await import('../../seed/seed.js');
      const onProgress = (done: number) => process.stderr.write(`\r${done} of ${options.users} users`);
      const seeded = await inModules(settings(), (modules) => seed(modules, { ...options, onProgress }));
      process.stderr.write('\n');
      say(`Seeded ${seeded.users} users with ${seeded.sessions} sessions.`);
      say(`They all share one password hash, of the password ${seeded.password}`);
      say('None of them may administrate; if nobody does yet: npm run cli -- admin create <username>');
    });
}

function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,9}$/.test(text)) throw new StartError(`${option} must be a whole number.`);
    return Number(text);
  };
}

import type { Command } from 'commander';
import { migrateDown, migrateUp, migrationStatus } from '../database/migrator.js';
import { say, type Settings } from './modules.js';

export function addMigrate(program: Command, settings: Settings): void {
  const migrate = program.command('migrate').description('the schema of the database');
  migrate
    .command('up')
    .description('apply every migration that is missing')
    .action(async () => {
      const applied = await migrateUp(settings().database);
      for (const name of applied) say(`applied ${name}`);
      say(applied.length === 0 ? 'Nothing to do: the schema is up to date.' : `${applied.length} applied.`);
    });
  migrate
    .command('down')
    .description('take back the newest migration, with the data that only it holds')
    .action(async () => {
      const name = await migrateDown(settings().database);
      say(name === undefined ? 'Nothing to do: no migration is applied.' : `took back ${name}`);
    });
  migrate
    .command('status')
    .description('which migrations are applied')
    .action(async () => {
      for (const { name, applied } of await migrationStatus(settings().database)) {
        say(`${applied ? 'applied' : 'missing'}  ${name}`);
      }
    });
}

import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import { CreateFactors1763910000000 } from '../../migrations/1763910000000-create-factors.js';
import { migrateDown, migrateUp, migrationStatus } from '../database/migrator.js';
import { say, type Settings } from './modules.js';
import { StartError } from './start-error.js';

/** @throws StartError when people would lose the second factors that protect them */
async function keepFactors(newest: string, source: DataSource): Promise<void> {
  if (newest !== CreateFactors1763910000000.name) return;
  const [row] = await source.query<Array<{ n: number }>>(
    'SELECT (SELECT COUNT(*) FROM totp_factors) + (SELECT COUNT(*) FROM passkeys) AS n',
  );
  const count = Number(row?.n);
  if (count > 0)
    throw new StartError(
      `There are ${count} second factors, and they would be lost. If that is meant, say --drop-factors.`,
    );
}

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
    .option('--drop-factors', 'even if that drops second factors, after which a password alone signs in')
    .action(async ({ dropFactors = false }: { dropFactors?: boolean }) => {
      const name = await migrateDown(settings().database, dropFactors ? undefined : keepFactors);
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

/** Run by migrations.e2e-spec.ts in processes of their own: migrates the database that the environment names. */
import { runnerImport } from 'vite';

type Loaded = {
  config: typeof import('../../src/config/config.ts');
  migrator: typeof import('../../src/database/migrator.ts');
};

// Through vite, because src/ imports by the names that the build will have.
const options = { configFile: false, oxc: { decorator: { legacy: true } } } as const;
const { module: config } = await runnerImport<Loaded['config']>('./src/config/config.ts', options);
const { module: migrator } = await runnerImport<Loaded['migrator']>('./src/database/migrator.ts', options);
// All that were started begin at the same moment.
process.send?.('loaded');
process.once('message', async () => {
  process.send?.(await migrator.migrateUp(config.loadConfig(process.env).database));
  process.disconnect();
});

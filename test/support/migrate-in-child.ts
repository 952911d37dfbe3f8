/** Run by migrations.e2e-spec.ts in processes of their own: migrates the database that the environment names. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The compiled program, because Node does not run sources that import by the names of the build. */
const program = pathToFileURL(join(process.argv[2] ?? '', 'src', '/')).href;
const config = (await import(`${program}config/config.js`)) as typeof import('../../src/config/config.ts');
const migrator = (await import(
  `${program}database/migrator.js`
)) as typeof import('../../src/database/migrator.ts');

// All that were started begin at the same moment.
process.send?.('loaded');
process.once('message', async () => {
  process.send?.(await migrator.migrateUp(config.loadConfig(process.env).database));
  process.disconnect();
});

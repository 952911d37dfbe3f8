/**
 * Run by mail.ts in a process of its own: writes messages into the outbox through the compiled modules, as a feature does
 * in its transaction. The settings are in the environment; each message of the parent is a number of mails and a name.
 */
import 'reflect-metadata';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const program = pathToFileURL(join(process.argv[2] ?? '', 'src', '/')).href;
const config = (await import(`${program}config/config.js`)) as typeof import('../../../src/config/config.ts');
const cli = (await import(`${program}cli/modules.js`)) as typeof import('../../../src/cli/modules.ts');
const databases = (await import(
  `${program}database/database.js`
)) as typeof import('../../../src/database/database.ts');
const outboxes = (await import(
  `${program}outbox/outbox.service.js`
)) as typeof import('../../../src/outbox/outbox.service.ts');

interface Order {
  readonly count: number;
  readonly name: string;
}

await cli.inModules(config.loadConfig(process.env), async (modules) => {
  const database = modules.get(databases.Database);
  const outbox = modules.get(outboxes.OutboxService, { strict: false });
  process.send?.('ready');
  process.on('message', async ({ count, name }: Order) => {
    for (let n = 0; n < count; n += 1) {
      await database.transaction(() =>
        outbox.enqueue({
          template: 'password_code',
          recipient: `${name}-${n}@example.com`,
          language: 'en',
          params: { minutes: 10 },
          secret: { code: '048213' },
          expiresAt: Date.now() + 3_600_000,
        }),
      );
    }
    process.send?.('written');
  });
  await new Promise((gone) => void process.once('disconnect', gone));
});

import type { Command } from 'commander';
import { createApp } from '../app.js';
import { loadConfig } from '../config/config.js';
import { ApiDocument } from '../openapi/api-document.js';

export function addOpenApi(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document as YAML')
    .action(async () => {
      // It needs the routes and no database, so it is made with the settings of a trial.
      const config = loadConfig({
        DOCS_ENABLED: 'true',
        LOG_LEVEL: 'silent',
        DATABASE_URL: 'mysql://nobody@127.0.0.1:1/none',
      });
      const app = await createApp(config);
      try {
        process.stdout.write(app.get(ApiDocument).yaml.toString());
      } finally {
        await app.close();
      }
    });
}

import { defineConfig } from 'vitest/config';

const e2e = ['test/**/*.e2e-spec.ts'];

export default defineConfig({
  // vitest compiles with oxc; Nest needs the decorator metadata that tsc would emit.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    // A process per file: Passport's strategies and prom-client's registry are process-wide singletons.
    pool: 'forks',
    // vitest would leave one core free, which on a two-core machine means no parallelism at all; these tests mostly
    // wait for a database. Files share nothing: each has its own database and its own temporary folder.
    maxWorkers: '100%',
    setupFiles: ['reflect-metadata'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      { test: { name: 'unit', include: ['src/**/*.spec.ts', 'test/**/*.spec.ts'] } },
      // In the Chromium of the system; one database is enough.
      {
        test: {
          name: 'browser',
          include: ['test/**/*.browser-spec.ts'],
          provide: { lane: 'sqlite' },
          // Swagger UI takes seconds to draw itself where two cores run everything else too.
          testTimeout: 120_000,
        },
      },
      // The very same files, once per database.
      { test: { name: 'sqlite', include: e2e, provide: { lane: 'sqlite' } } },
      {
        test: {
          name: 'mysql',
          include: e2e,
          provide: { lane: 'mysql' },
          globalSetup: ['test/support/mysql-server.ts'],
        },
      },
    ],
  },
});

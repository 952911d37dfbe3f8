import { defineConfig } from 'vitest/config';

const e2e = ['test/**/*.e2e-spec.ts'];

export default defineConfig({
  // vitest compiles with oxc; Nest needs the decorator metadata that tsc would emit.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    // The files of a lane share their processes, because a process per file would spend half of its time on loading Nest.
    // So nothing that a file leaves in its process may matter: see `useOwnStrategies` for Passport's strategies.
    pool: 'forks',
    isolate: false,
    // vitest would leave one core free, which on a two-core machine means no parallelism at all; these tests mostly
    // wait for a database. Files share nothing: each has its own database and its own temporary folder.
    maxWorkers: '100%',
    setupFiles: ['reflect-metadata'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.spec.ts', 'test/**/*.spec.ts', 'packages/*/test/**/*.spec.ts'],
        },
      },
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

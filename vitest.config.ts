import { defineConfig } from 'vitest/config';

export default defineConfig({
  // vitest compiles with oxc; Nest needs the decorator metadata that tsc would emit.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    pool: 'forks',
    setupFiles: ['reflect-metadata'],
    include: ['src/**/*.spec.ts', 'test/**/*.spec.ts', 'test/**/*.e2e-spec.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});

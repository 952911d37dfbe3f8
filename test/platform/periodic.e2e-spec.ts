import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CliModule } from '../../src/app.module.ts';
import { Periodic } from '../../src/platform/time/periodic.ts';
import { startApp } from '../support/app.ts';

describe('the periodic work', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('belongs to the server, and not to an operator’s command beside it', async () => {
    const starts = vi.spyOn(Periodic.prototype, 'start');
    const stops = vi.spyOn(Periodic.prototype, 'stop');
    const app = await startApp();
    expect(starts).toHaveBeenCalledTimes(1);
    // The support of the tests has stopped it.
    stops.mockClear();
    const modules = await NestFactory.createApplicationContext(CliModule.with(app.config), { logger: false });
    await modules.close();
    expect([starts.mock.calls.length, stops.mock.calls.length]).toEqual([1, 0]);
    await app.close();
    expect(stops).toHaveBeenCalledTimes(1);
  });
});

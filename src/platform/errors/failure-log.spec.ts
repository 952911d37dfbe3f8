import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FailureLog } from './failure-log.js';
import { PlatformErrors } from './platform-errors.js';

describe('FailureLog', () => {
  const told = vi.fn();
  let log: FailureLog;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    told.mockReset();
    const logger = new Logger('test');
    vi.spyOn(logger, 'error').mockImplementation(told);
    log = new FailureLog(logger);
  });
  afterEach(() => void vi.useRealTimers());

  const away = (code: string, message = 'away') =>
    PlatformErrors.dependencyUnavailable({
      cause: Object.assign(new Error(message), { code }),
      reason: 'away',
    });

  it('tells each cause once a second, and then how many it left out', () => {
    for (let count = 0; count < 50; count += 1) {
      log.error(away('ECONNREFUSED', `attempt ${count}`));
      log.error(away('ETIMEDOUT'));
    }
    expect(told).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1_000);
    log.error(away('ECONNREFUSED'));
    log.error(away('ECONNREFUSED'));
    expect(told).toHaveBeenCalledTimes(3);
    expect(told).toHaveBeenLastCalledWith(
      expect.objectContaining({ code: 10010, omitted: 49, since: expect.any(String) }),
      'away',
    );
    vi.advanceTimersByTime(1_000);
    log.error(away('ECONNREFUSED'));
    expect(told).toHaveBeenLastCalledWith(expect.objectContaining({ omitted: 1 }), 'away');
    vi.advanceTimersByTime(1_000);
    log.error(away('ECONNREFUSED'));
    expect(told.mock.lastCall?.[0]).not.toHaveProperty('omitted');
  });

  it('tells apart mistakes of the program by their messages', () => {
    for (const message of ['one', 'two', 'one'])
      log.error(PlatformErrors.internal({ cause: new Error(message) }));
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('does not grow with messages that are never the same', () => {
    for (let count = 0; count < 10_000; count += 1) {
      log.error(PlatformErrors.internal({ cause: new Error(`mistake ${count}`) }));
    }
    expect(told).toHaveBeenCalledTimes(10_000);
    expect(Reflect.get(log, 'causes')).toHaveProperty('size', 200);
  });
});

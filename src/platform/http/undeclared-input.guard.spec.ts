import { Body, Get, Param, Query } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from 'vitest';
import { PlatformErrors } from '../errors/platform-errors.js';
import { UndeclaredInputGuard } from './undeclared-input.guard.js';

class Routes {
  @Get()
  takesBoth(@Body() _body: object, @Query() _query: object) {}

  @Get()
  takesBody(@Param('id') _id: string, @Body() _body: object) {}

  @Get()
  takesNone() {}
}

function refusals(route: keyof Routes): readonly object[] {
  const request = { body: {}, query: { page: '1' } };
  const context = new ExecutionContextHost([request], Routes, Routes.prototype[route]);
  try {
    new UndeclaredInputGuard().canActivate(context);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ definition: PlatformErrors.invalidRequest().definition });
    return Object(error).details.violations;
  }
}

describe('UndeclaredInputGuard', () => {
  it('finds what Nest keeps of @Body() and @Query()', () => {
    const body = { field: '', rule: 'no_body' };
    const page = { field: 'page', rule: 'unknown' };
    expect(refusals('takesBoth')).toEqual([]);
    expect(refusals('takesBody')).toEqual([page]);
    expect(refusals('takesNone')).toEqual([body, page]);
  });
});

import { Body, createParamDecorator, Get, Param, Query } from '@nestjs/common';
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

function refusals(type: new () => object, route: string): readonly object[] {
  const request = { body: {}, query: { page: '1' } };
  const context = new ExecutionContextHost([request], type, Reflect.get(type.prototype, route));
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
    expect(refusals(Routes, 'takesBoth')).toEqual([]);
    expect(refusals(Routes, 'takesBody')).toEqual([page]);
    expect(refusals(Routes, 'takesNone')).toEqual([body, page]);
  });

  it('takes no decorator of our own for one of these, whatever random name Nest gives it', () => {
    for (let time = 0; time < 300; time += 1) {
      class Own {
        handler() {}
      }
      createParamDecorator(() => undefined)()(Own.prototype, 'handler', 0);
      expect(refusals(Own, 'handler')).toHaveLength(2);
    }
  });
});

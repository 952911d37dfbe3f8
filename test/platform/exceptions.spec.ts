import * as nest from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { errorCodes } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AccessErrors } from '../../src/access/access.errors.ts';
import { AuthErrors } from '../../src/auth/auth.errors.ts';
import { AppError } from '../../src/platform/errors/app-error.ts';
import { AppExceptionFilter } from '../../src/platform/errors/app-exception.filter.ts';
import { PlatformErrors } from '../../src/platform/errors/platform-errors.ts';

let thrown: unknown;

@nest.Controller()
class ThrowingController {
  @nest.Get()
  fail(): never {
    throw thrown;
  }
}

let app: NestFastifyApplication;
const logged = vi.spyOn(nest.Logger.prototype, 'error').mockImplementation(() => undefined);
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const module = await Test.createTestingModule({ controllers: [ThrowingController] }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.useGlobalFilters(new AppExceptionFilter());
  await app.init();
});
afterAll(() => app.close());

async function answerTo(error: unknown) {
  thrown = error;
  logged.mockClear();
  // The log tells a cause once a second.
  vi.advanceTimersByTime(1_000);
  const { statusCode, headers, body } = await app.inject('/');
  const envelope: { code: number; data: unknown; msg: string } = JSON.parse(body);
  expect(Object.keys(envelope)).toEqual(['code', 'data', 'msg']);
  expect(body).not.toContain('canary');
  return { statusCode, headers, ...envelope };
}

describe('an exception of Nest keeps its status, under the number that means it', () => {
  it.each([
    [new nest.BadRequestException('canary'), 400, 10002],
    [new nest.UnauthorizedException('canary'), 401, AuthErrors.notSignedIn().definition.code],
    [new nest.ForbiddenException('canary'), 403, AccessErrors.notPermitted().definition.code],
    [new nest.NotFoundException('canary'), 404, 10003],
    [new nest.MethodNotAllowedException('canary'), 405, 10004],
    [new nest.NotAcceptableException('canary'), 406, 10001],
    [new nest.RequestTimeoutException('canary'), 408, 10011],
    [new nest.ConflictException('canary'), 409, 10001],
    [new nest.GoneException('canary'), 410, 10001],
    [new nest.PreconditionFailedException('canary'), 412, 10001],
    [new nest.PayloadTooLargeException('canary'), 413, 10005],
    [new nest.HttpException('canary', 414), 414, 10007],
    [new nest.UnsupportedMediaTypeException('canary'), 415, 10006],
    [new nest.HttpException('canary', 417), 417, 10012],
    [new nest.ImATeapotException('canary'), 418, 10001],
    [new nest.MisdirectedException('canary'), 421, 10001],
    [new nest.UnprocessableEntityException({ message: ['canary'] }), 422, 10001],
    [new nest.HttpException({ canary: true }, 429), 429, 10008],
    [new nest.HttpException('canary', 431), 431, 10007],
    [new nest.InternalServerErrorException('canary'), 500, 10000],
    [new nest.NotImplementedException('canary'), 501, 10000],
    [new nest.BadGatewayException('canary'), 502, 10000],
    [new nest.ServiceUnavailableException('canary'), 503, 10009],
    [new nest.GatewayTimeoutException('canary'), 504, 10000],
    [new nest.HttpVersionNotSupportedException('canary'), 505, 10000],
    [new nest.HttpException('canary', 302), 500, 10000],
    [new nest.HttpException('canary', 0), 500, 10000],
  ])('%s: %i', async (error, status, code) => {
    expect(await answerTo(error)).toMatchObject({ statusCode: status, code });
    expect(logged).toHaveBeenCalledTimes(status >= 500 ? 1 : 0);
  });

  it('with the headers of its status', async () => {
    expect((await answerTo(new nest.UnauthorizedException())).headers['www-authenticate']).toBe('Bearer');
    for (const status of [429, 503]) {
      const { headers, data } = await answerTo(new nest.HttpException('', status));
      expect([headers['retry-after'], data]).toEqual(['1', { retry_after: 1 }]);
    }
  });
});

describe('an error of Fastify keeps its status', () => {
  it.each([
    [new errorCodes.FST_ERR_BAD_URL('canary'), 400, 10002],
    [new errorCodes.FST_ERR_NOT_FOUND(), 404, 10003],
    [new errorCodes.FST_ERR_MAX_PARAM_LENGTH('canary'), 404, 10003],
    [new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(), 413, 10005],
    [new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE('canary'), 415, 10006],
    [new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH(), 400, 10002],
    [new errorCodes.FST_ERR_REP_INVALID_PAYLOAD_TYPE('canary'), 500, 10000],
    [Object.assign(new Error('canary'), { statusCode: 429 }), 429, 10008],
    [Object.assign(new Error('canary'), { statusCode: 200 }), 500, 10000],
  ])('%s: %i', async (error, status, code) => {
    expect(await answerTo(error)).toMatchObject({ statusCode: status, code });
  });
});

describe('whatever else is thrown', () => {
  it.each([new Error('canary'), new TypeError('canary'), 'canary', null, undefined, { status: 404 }])(
    'is an internal error, and logged: %s',
    async (error) => {
      expect(await answerTo(error)).toMatchObject({ statusCode: 500, code: 10000, data: null });
      expect(logged).toHaveBeenCalledTimes(error === undefined ? 0 : 1);
    },
  );
});

describe('AppError', () => {
  it('is an HttpException of its status', () => {
    const error = PlatformErrors.tooManyRequests({ reason: 'canary', cause: 1 });
    expect(error).toBeInstanceOf(nest.HttpException);
    expect([error.name, error.getStatus(), error.message, error.cause]).toEqual([
      AppError.name,
      429,
      'canary',
      1,
    ]);
    expect(error.getResponse(), 'the reason is for the log').toBe('platform.tooManyRequests');
  });
});

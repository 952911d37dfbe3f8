import { Global, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { expect, it, onTestFinished } from 'vitest';
import { tokensConfig } from '../config/tokens.config.js';
import { Clock } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AccessTokens } from './access-tokens.js';
import { ensureCurrentKey } from './key-rotation.js';
import { TokensModule } from './tokens.module.js';
import { grant, settingsFor, temporaryFolder } from '../../test/support/tokens/tokens.ts';

it('wires tokens and the published keys over settings and a clock', async () => {
  const dir = await temporaryFolder();
  const kid = await ensureCurrentKey(dir);

  @Global()
  @Module({
    providers: [Clock, Periodic, { provide: tokensConfig.KEY, useValue: settingsFor(dir) }],
    exports: [Clock, Periodic, tokensConfig.KEY],
  })
  class Platform {}

  const testing = await Test.createTestingModule({ imports: [Platform, TokensModule] }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  onTestFinished(() => app.close());
  await app.init();

  const tokens = app.get(AccessTokens);
  const given = grant(app.get(Clock));
  expect(tokens.verify(tokens.issue(given).token)).toMatchObject({ sessionId: given.id });

  const answer = await app.inject({ url: '/.well-known/jwks.json' });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['cache-control']).toBe('public, max-age=300');
  expect(answer.json()).toMatchObject({ keys: [{ kid, alg: 'ES256', use: 'sig' }] });
  expect(answer.body).not.toContain('"d"');
});

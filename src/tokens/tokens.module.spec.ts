import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { expect, it, onTestFinished } from 'vitest';
import { keyringConfig } from '../config/keyring.config.js';
import { tokensConfig } from '../config/tokens.config.js';
import { ensureCurrentKeys } from '../keyring/key-rotation.js';
import { Clock } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AccessTokens } from './access-tokens.js';
import { TokensModule } from './tokens.module.js';
import { grant, settingsFor, temporaryFolder } from '../../test/support/tokens/tokens.ts';

it('wires tokens and the published keys over settings and a clock', async () => {
  const file = join(await temporaryFolder(), 'keys.json');
  const made = await ensureCurrentKeys(file, { now: Date.now() });
  const settings = settingsFor(file);

  @Global()
  @Module({
    providers: [
      Clock,
      Periodic,
      { provide: tokensConfig.KEY, useValue: settings },
      { provide: keyringConfig.KEY, useValue: settings },
    ],
    exports: [Clock, Periodic, tokensConfig.KEY, keyringConfig.KEY],
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
  expect(answer.json()).toMatchObject({ keys: [{ kid: made[0]?.kid, alg: 'ES256', use: 'sig' }] });
  expect(answer.body).not.toContain('"d"');
});

import { availableParallelism } from 'node:os';
import { Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { TypeOrmModule } from '@nestjs/typeorm';
import { passwordsConfig } from '../config/passwords.config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { CredentialsRepository } from './credentials.repository.js';
import { CredentialsService } from './credentials.service.js';
import { hashConcurrency, HashQueue } from './hash-queue.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';
import { PasswordCredential } from './password-credential.entity.js';

type Passwords = ConfigType<typeof passwordsConfig>;

@Module({
  imports: [TypeOrmModule.forFeature([PasswordCredential])],
  providers: [
    CredentialsRepository,
    CredentialsService,
    {
      provide: PasswordPolicy,
      useFactory: (passwords: Passwords) => new PasswordPolicy(passwords),
      inject: [passwordsConfig.KEY],
    },
    {
      provide: PasswordHasher,
      useFactory: (passwords: Passwords) => new PasswordHasher(passwords),
      inject: [passwordsConfig.KEY],
    },
    { provide: HashQueue, useFactory: makeQueue, inject: [passwordsConfig.KEY, Metrics] },
  ],
  exports: [CredentialsService, HashQueue],
})
export class CredentialsModule {}

function makeQueue(passwords: Passwords, metrics: Metrics): HashQueue {
  const { queue: maxWaiting, wait: maxWait, threadPoolSize, parallelism } = passwords;
  const concurrency = hashConcurrency({ cores: availableParallelism(), threadPoolSize, parallelism });
  const seconds = metrics.histogram('hash_seconds', 'Time of one password hash, without its waiting.');
  const queue = new HashQueue({
    concurrency,
    maxWaiting,
    maxWait,
    onHashed: (taken) => seconds.observe(taken),
  });
  metrics.gauges('hash_queue', 'Places in the hash queue, and refusals since the start.', 'state', () => ({
    ...queue.stats(),
  }));
  return queue;
}

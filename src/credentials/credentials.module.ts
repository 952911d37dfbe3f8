import { availableParallelism } from 'node:os';
import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { CredentialsRepository } from './credentials.repository.js';
import { CredentialsService } from './credentials.service.js';
import { hashConcurrency, HashQueue } from './hash-queue.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';

@Module({
  providers: [
    CredentialsRepository,
    CredentialsService,
    {
      provide: PasswordPolicy,
      useFactory: ({ passwords }: Config) => new PasswordPolicy(passwords),
      inject: [Config],
    },
    {
      provide: PasswordHasher,
      useFactory: ({ passwords }: Config) => new PasswordHasher(passwords),
      inject: [Config],
    },
    { provide: HashQueue, useFactory: makeQueue, inject: [Config, Metrics] },
  ],
  exports: [CredentialsService, HashQueue],
})
export class CredentialsModule {}

function makeQueue({ hashing, passwords: { parallelism } }: Config, metrics: Metrics): HashQueue {
  const { threadPoolSize } = hashing;
  const concurrency = hashConcurrency({ cores: availableParallelism(), threadPoolSize, parallelism });
  const seconds = metrics.histogram('hash_seconds', 'Time of one password hash, without its waiting.');
  const queue = new HashQueue({
    concurrency,
    maxWaiting: hashing.queue,
    maxWait: hashing.wait,
    onHashed: (taken) => seconds.observe(taken),
  });
  metrics.gauges('hash_queue', 'Places in the hash queue, and refusals since the start.', 'state', () => ({
    ...queue.stats(),
  }));
  return queue;
}

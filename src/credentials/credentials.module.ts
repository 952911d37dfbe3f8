import { availableParallelism } from 'node:os';
import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
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
    { provide: HashQueue, useFactory: makeQueue, inject: [Config] },
  ],
  exports: [CredentialsService, HashQueue],
})
export class CredentialsModule {}

function makeQueue({ hashing, passwords: { parallelism } }: Config): HashQueue {
  const { threadPoolSize } = hashing;
  const concurrency = hashConcurrency({ cores: availableParallelism(), threadPoolSize, parallelism });
  return new HashQueue({ concurrency, maxWaiting: hashing.queue, maxWait: hashing.wait });
}

import { availableParallelism } from 'node:os';
import { Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { TypeOrmModule } from '@nestjs/typeorm';
import { passwordsConfig } from '../config/passwords.config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { CredentialsService } from './credentials.service.js';
import { hashConcurrency, HashQueue } from './hash-queue.js';
import { PasswordCredential } from './password-credential.entity.js';
import { PasswordHasher } from './password-hasher.js';

@Module({
  imports: [TypeOrmModule.forFeature([PasswordCredential])],
  providers: [
    CredentialsService,
    PasswordHasher,
    { provide: HashQueue, useFactory: makeQueue, inject: [passwordsConfig.KEY, Metrics] },
  ],
  exports: [CredentialsService],
})
export class CredentialsModule {}

function makeQueue(passwords: ConfigType<typeof passwordsConfig>, metrics: Metrics): HashQueue {
  const seconds = metrics.histogram('hash_seconds', 'Time of one password hash, without its waiting.');
  const queue = new HashQueue({
    concurrency: hashConcurrency({ ...passwords, cores: availableParallelism() }),
    maxWaiting: passwords.queue,
    maxWait: passwords.wait,
    onHashed: (taken) => seconds.observe(taken),
  });
  const help = 'Places in the hash queue, and refusals since the start.';
  metrics.gauges('hash_queue', help, 'state', () => queue.stats());
  return queue;
}

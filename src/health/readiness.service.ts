import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Database } from '../database/database.js';
import { schemaIsReady } from '../database/migrator.js';
import { Draining } from '../platform/http/http-settings.js';
import type { ReadyResponse } from './health.dto.js';

/** Whether a load balancer should send requests here. */
@Injectable()
export class ReadinessService {
  constructor(
    private readonly database: Database,
    private readonly draining: Draining,
  ) {}

  /** Answers a request, with what the database says within its deadline. */
  async answer(reply: FastifyReply): Promise<ReadyResponse> {
    const isUp = await succeeds(this.database.query('SELECT 1'));
    const schema = isUp ? await this.schema() : 'unknown';
    const draining = this.draining.begun;
    const isReady = schema === 'ready' && !draining;
    if (!isReady) reply.code(503).header('retry-after', '1');
    return { status: isReady ? 'ok' : 'unavailable', database: isUp ? 'up' : 'down', schema, draining };
  }

  /** A schema without even the table of migrations is behind, too. */
  private async schema(): Promise<'ready' | 'behind'> {
    return (await schemaIsReady(this.database).catch(() => false)) ? 'ready' : 'behind';
  }
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

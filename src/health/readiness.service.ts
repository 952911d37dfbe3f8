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

  /** Asks the database, which has to answer within its deadline. */
  async answer(reply: FastifyReply): Promise<ReadyResponse> {
    const isUp = await this.database.query('SELECT 1').then(
      () => true,
      () => false,
    );
    // Without even the table of migrations the question fails; such a schema is behind, too.
    const isMigrated = isUp && (await schemaIsReady(this.database).catch(() => false));
    const draining = this.draining.begun;
    const isReady = isMigrated && !draining;
    if (!isReady) reply.code(503).header('retry-after', '1');
    return {
      status: isReady ? 'ok' : 'unavailable',
      database: isUp ? 'up' : 'down',
      schema: isMigrated ? 'ready' : isUp ? 'behind' : 'unknown',
      draining,
    };
  }
}

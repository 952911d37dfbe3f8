import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Database } from '../database/database.js';
import { schemaIsReady } from '../database/migrator.js';
import { Draining } from '../platform/http/draining.js';

export interface Readiness {
  readonly status: 'ok' | 'unavailable';
  readonly database: 'up' | 'down';
  readonly schema: 'ready' | 'behind' | 'unknown';
  readonly draining: boolean;
}

/** Whether a load balancer should send requests here. */
@Injectable()
export class ReadinessService {
  constructor(
    private readonly database: Database,
    private readonly draining: Draining,
  ) {}

  /** Asks the database, within its deadline. */
  async check(): Promise<Readiness> {
    const database = await this.isUp();
    const schema = database ? await this.schema() : 'unknown';
    const draining = this.draining.begun;
    const ready = database && schema === 'ready' && !draining;
    return { status: ready ? 'ok' : 'unavailable', database: database ? 'up' : 'down', schema, draining };
  }

  /** The same as the answer to a request. */
  async answer(reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.check();
    if (readiness.status !== 'ok') reply.code(503).header('retry-after', '1');
    return readiness;
  }

  private async isUp(): Promise<boolean> {
    try {
      await this.database.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  /** A schema without even the table of migrations is behind, too. */
  private async schema(): Promise<Readiness['schema']> {
    try {
      return (await schemaIsReady(this.database)) ? 'ready' : 'behind';
    } catch {
      return 'behind';
    }
  }
}

import { Injectable } from '@nestjs/common';
import { removeOutdated } from '../database/batches.js';
import { Database, type SqlValue } from '../database/database.js';
import { columnList, insertStatement } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import type { AuditCursor } from './audit-cursor.js';
import { AuditEvent } from './audit-event.entity.js';

const COLUMNS = columnList(AuditEvent);
const INSERT = insertStatement(AuditEvent, 'audit_events');

export interface AuditFilters {
  readonly actor_id?: string;
  readonly target_id?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly from?: Instant;
  readonly to?: Instant;
  /** Only what stands behind this event in the order of the list. */
  readonly cursor?: AuditCursor;
}

/** The record of who did what, in the database. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async insert(event: AuditEvent): Promise<void> {
    await this.database.execute(INSERT.sql, INSERT.values(event));
  }

  /** The newest events that pass the filters, newest first. */
  async findNewest(filters: AuditFilters, limit: number): Promise<AuditEvent[]> {
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    const add = (condition: string, ...more: SqlValue[]) => {
      conditions.push(condition);
      values.push(...more);
    };
    if (filters.actor_id !== undefined) add('actor_id = ?', filters.actor_id);
    if (filters.target_id !== undefined) add('target_id = ?', filters.target_id);
    if (filters.action !== undefined) add('action = ?', filters.action);
    if (filters.outcome !== undefined) add('outcome = ?', filters.outcome);
    if (filters.from !== undefined) add('at >= ?', filters.from);
    if (filters.to !== undefined) add('at <= ?', filters.to);
    // Not as (at, id) < (?, ?), for which MySQL uses no index.
    if (filters.cursor !== undefined) {
      const { at, id } = filters.cursor;
      add('at <= ? AND (at < ? OR id < ?)', at, at, id);
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.database.query<AuditEvent>(
      `SELECT ${COLUMNS} FROM audit_events ${where} ORDER BY at DESC, id DESC LIMIT ?`,
      [...values, limit],
    );
  }

  /** Removes what is as old as this or older, in small batches; answers how many events. */
  async removeUntil(instant: Instant): Promise<number> {
    return removeOutdated(this.database, { table: 'audit_events', key: 'id', age: 'at', until: instant });
  }
}

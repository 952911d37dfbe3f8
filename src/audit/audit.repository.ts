import { Injectable } from '@nestjs/common';
import { Database, type SqlValue } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import { AuditEvent, type AuditCursor } from './audit-event.entity.js';
import type { AuditAction, AuditOutcome } from './audit-actions.js';

const COLUMNS = columnList(AuditEvent);

export interface AuditFilters {
  readonly actor_id?: string;
  readonly target_id?: string;
  readonly action?: AuditAction;
  readonly outcome?: AuditOutcome;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly cursor?: AuditCursor;
}

/** The filters and the index of each; the one that lets fewest events through comes first. */
const FILTERED = [
  ['target_id', 'audit_events_target'],
  ['actor_id', 'audit_events_actor'],
  ['action', 'audit_events_action'],
  ['outcome', 'audit_events_outcome'],
] as const;

/** How many events a page examines where filters may exclude each other. */
const EXAMINED = 2_000;

/** Reads the record by hand, because TypeORM's query builder cannot name an index on SQLite. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  /**
   * The last event that a page may examine. Undefined where fewer are left, or where a single filter's index leads from
   * match to match.
   */
  async findLastToExamine({ from, to, cursor, ...filters }: AuditFilters): Promise<AuditCursor | undefined> {
    const [selective, other] = FILTERED.filter(([column]) => filters[column] !== undefined);
    if (selective === undefined || other === undefined) return undefined;
    const [column] = selective;
    const examined = { [column]: filters[column], from, to, cursor };
    const [last] = await this.select<AuditCursor>('at, id', examined, 'LIMIT 1 OFFSET ?', EXAMINED - 1);
    return last;
  }

  /** The newest events that pass the filters, newest first, down to `last`. */
  async findNewest(filters: AuditFilters, limit: number, last?: AuditCursor): Promise<AuditEvent[]> {
    return this.select<AuditEvent>(COLUMNS, filters, 'LIMIT ?', limit, last);
  }

  /**
   * Reads by one index, in the order of the list. Left to choose, MariaDB reads all that is newer than a cursor, or an
   * index without the filter and sorts, above all when a statement is executed again (MySQL:
   * dev.mysql.com/doc/refman/8.4/en/index-hints.html).
   */
  private async select<T>(
    columns: string,
    filters: AuditFilters,
    limit: string,
    count: number,
    last?: AuditCursor,
  ): Promise<T[]> {
    const { from, to, cursor } = filters;
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    const where = (condition: string, ...operands: readonly SqlValue[]) => {
      conditions.push(condition);
      values.push(...operands);
    };
    const equal = FILTERED.filter(([column]) => filters[column] !== undefined);
    for (const [column] of equal) where(`${column} = ?`, filters[column] ?? '');
    if (from !== undefined) where('at >= ?', from);
    if (to !== undefined) where('at <= ?', to);
    // Not as (at, id) < (?, ?), for which MySQL uses no index.
    if (cursor) where('at <= ? AND (at < ? OR id < ?)', cursor.at, cursor.at, cursor.id);
    if (last) where('at >= ? AND (at > ? OR id >= ?)', last.at, last.at, last.id);

    const [, index] = equal[0] ?? [undefined, 'audit_events_at'];
    const by = this.database.dialect === 'sqlite' ? `INDEXED BY ${index}` : `FORCE INDEX (${index})`;
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.database.query<T[]>(
      `SELECT ${columns} FROM audit_events ${by} ${filter} ORDER BY at DESC, id DESC ${limit}`,
      [...values, count],
    );
  }
}

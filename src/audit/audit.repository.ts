import { Injectable } from '@nestjs/common';
import { Database, type SqlValue } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import type { AuditAction, AuditOutcome } from './audit-actions.js';
import { AuditEvent, type AuditCursor, type UnnumberedEvent } from './audit-event.entity.js';
import { HEAD, type AuditHead } from './audit-head.entity.js';

const COLUMNS = columnList(AuditEvent);

export interface AuditFilters {
  readonly actor_id?: string;
  readonly target_id?: string;
  readonly action?: readonly AuditAction[];
  readonly outcome?: AuditOutcome;
  readonly ip?: string;
  readonly session_id?: string;
  readonly request_id?: string;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly cursor?: AuditCursor;
}

/** The filters and the index of each; the one that lets fewest events through comes first, and some have no index. */
const FILTERED = [
  ['target_id', 'audit_events_target'],
  ['actor_id', 'audit_events_actor'],
  ['ip', 'audit_events_ip'],
  ['action', 'audit_events_action'],
  ['outcome', 'audit_events_outcome'],
  ['session_id', undefined],
  ['request_id', undefined],
] as const;

const EVERYTHING = 'audit_events_at';

/** How many events a page examines where filters may exclude each other. */
export const EXAMINED = 2_000;

/** Reads the record by hand, because TypeORM's query builder cannot name an index on SQLite. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  /**
   * The last event that a page may examine. Undefined where fewer are left, or where a single filter's index leads from
   * match to match.
   */
  async findLastToExamine(filters: AuditFilters): Promise<AuditCursor | undefined> {
    const { from, to, cursor } = filters;
    const given = FILTERED.filter(([name]) => filters[name] !== undefined);
    const index = indexFor(filters);
    if (given.length === 0 || (given.length === 1 && index !== EVERYTHING)) return undefined;
    const selective = given.filter(([, its]) => its === index).map(([name]) => [name, filters[name]]);
    const examined: AuditFilters = { ...Object.fromEntries(selective), from, to, cursor };
    const [last] = await this.select<AuditCursor>('at, id', examined, 'LIMIT 1 OFFSET ?', EXAMINED - 1);
    return last;
  }

  /** The newest events that pass the filters, newest first, down to `last`. */
  async findNewest(filters: AuditFilters, limit: number, last?: AuditCursor): Promise<AuditEvent[]> {
    return this.select<AuditEvent>(COLUMNS, filters, 'LIMIT ?', limit, last);
  }

  /** The numbered events after `after` and up to `until` that pass the filters, in the order of the record. */
  async findAfter(filters: AuditFilters, after: number, until: number, limit: number): Promise<AuditEvent[]> {
    const { conditions, values } = conditionsOf(filters);
    return this.database.query<AuditEvent[]>(
      `SELECT ${COLUMNS} FROM audit_events ${this.by('audit_events_seq')}
       WHERE ${['seq > ?', 'seq <= ?', ...conditions].join(' AND ')} ORDER BY seq LIMIT ?`,
      [after, until, ...values, limit],
    );
  }

  /** The number of the newest event before an instant, or what comes before the oldest number that is kept. */
  async findNumberBefore(instant: Instant): Promise<number | undefined> {
    const [row] = await this.database.query<Array<{ before: number | null; oldest: number | null }>>(
      `SELECT (SELECT seq FROM audit_events WHERE at < ? AND seq IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1) AS "before",
         (SELECT MIN(seq) FROM audit_events) AS oldest`,
      [instant],
    );
    if (row === undefined || row.oldest === null) return undefined;
    return Number(row.before ?? row.oldest - 1);
  }

  /** How many events there are after one number and up to another. */
  async countBetween(after: number, until: number): Promise<number> {
    const [row] = await this.database.query<Array<{ n: number }>>(
      'SELECT COUNT(*) AS n FROM audit_events WHERE seq > ? AND seq <= ?',
      [after, until],
    );
    return Number(row?.n);
  }

  /** How far the record is numbered, and when the oldest event happened that has no number. */
  async readHead(): Promise<Pick<AuditHead, 'seq' | 'updatedAt'> & { readonly oldest: Instant | null }> {
    const oldest = `SELECT at FROM audit_events ${this.by('audit_events_unnumbered')}
      WHERE seq IS NULL ORDER BY at, id LIMIT 1`;
    const [head] = await this.database.query<
      Array<Pick<AuditHead, 'seq' | 'updatedAt'> & { readonly oldest: Instant | null }>
    >(`SELECT seq, updated_at AS "updatedAt", (${oldest}) AS oldest FROM audit_head WHERE id = ?`, [HEAD.id]);
    if (head === undefined) throw new Error('The record has no head.');
    return head;
  }

  /** The oldest events without a number. */
  async findUnnumbered(limit: number): Promise<UnnumberedEvent[]> {
    return this.database.query<UnnumberedEvent[]>(
      `SELECT id, at, action, outcome FROM audit_events ${this.by('audit_events_unnumbered')}
       WHERE seq IS NULL ORDER BY at, id LIMIT ?`,
      [limit],
    );
  }

  /**
   * Numbers events in this order, from `seq` + 1 on, by one statement whose text is the same for any number of them
   * (MySQL: dev.mysql.com/doc/refman/8.4/en/json-table-functions.html). Answers how many it found.
   */
  async number(events: ReadonlyArray<{ readonly id: string }>, seq: number): Promise<number> {
    const ids = JSON.stringify(events.map(({ id }) => id));
    const statement =
      this.database.dialect === 'sqlite'
        ? `UPDATE audit_events SET seq = 1 + batch.key + ? FROM json_each(?) AS batch WHERE audit_events.id = batch.value`
        : `UPDATE audit_events JOIN JSON_TABLE(?, '$[*]' COLUMNS (n FOR ORDINALITY, id varchar(36) PATH '$')) AS batch
           ON audit_events.id = batch.id SET audit_events.seq = batch.n + ?`;
    const values = this.database.dialect === 'sqlite' ? [seq, ids] : [ids, seq];
    return this.database.execute(statement, values);
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
    const { conditions, values } = conditionsOf(filters);
    if (last) {
      conditions.push('at >= ? AND (at > ? OR id >= ?)');
      values.push(last.at, last.at, last.id);
    }
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.database.query<T[]>(
      `SELECT ${columns} FROM audit_events ${this.by(indexFor(filters))} ${filter}
       ORDER BY at DESC, id DESC ${limit}`,
      [...values, count],
    );
  }

  private by(index: string): string {
    return this.database.dialect === 'sqlite' ? `INDEXED BY ${index}` : `FORCE INDEX (${index})`;
  }
}

/** Several actions are no one place in their index. */
function indexFor(filters: AuditFilters): string {
  const usable = FILTERED.filter(
    ([name]) => filters[name] !== undefined && (name !== 'action' || filters.action?.length === 1),
  );
  return usable.find(([, index]) => index !== undefined)?.[1] ?? EVERYTHING;
}

function conditionsOf(filters: AuditFilters): { conditions: string[]; values: SqlValue[] } {
  const { from, to, cursor } = filters;
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const where = (condition: string, ...operands: readonly SqlValue[]) => {
    conditions.push(condition);
    values.push(...operands);
  };
  for (const [name] of FILTERED) {
    const asked = [filters[name] ?? []].flat();
    const places = asked.map(() => '?').join(', ');
    if (asked.length > 0) where(asked.length === 1 ? `${name} = ?` : `${name} IN (${places})`, ...asked);
  }
  if (from !== undefined) where('at >= ?', from);
  if (to !== undefined) where('at <= ?', to);
  // Not as (at, id) < (?, ?), for which MySQL uses no index.
  if (cursor) where('at <= ? AND (at < ? OR id < ?)', cursor.at, cursor.at, cursor.id);
  return { conditions, values };
}

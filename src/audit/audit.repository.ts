import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { removeOutdated } from '../database/batches.js';
import { Database, type SqlValue } from '../database/database.js';
import { columnList } from '../database/entity-statements.js';
import type { Instant } from '../platform/time/clock.js';
import type { AuditAction, AuditOutcome } from './audit-actions.js';
import type { AuditCursor } from './audit-cursor.js';
import { AuditEvent } from './audit-event.entity.js';

const COLUMNS = columnList(AuditEvent);

export interface AuditFilters {
  readonly actor_id?: string;
  readonly target_id?: string;
  readonly action?: AuditAction;
  readonly outcome?: AuditOutcome;
  readonly from?: Instant;
  readonly to?: Instant;
  /** Only what stands behind this event in the order of the list. */
  readonly cursor?: AuditCursor | undefined;
}

/** What a list filters by and the index of each, the one that lets fewest through first. */
const FILTERED = [
  ['target_id', 'audit_events_target'],
  ['actor_id', 'audit_events_actor'],
  ['action', 'audit_events_action'],
  ['outcome', 'audit_events_outcome'],
] as const;

/** How many events a page examines where filters may exclude each other. */
const EXAMINED = 2_000;

/** The record of who did what, in the database. */
@Injectable()
export class AuditRepository {
  constructor(
    @InjectRepository(AuditEvent) private readonly events: Repository<AuditEvent>,
    private readonly database: Database,
  ) {}

  async insert(event: AuditEvent): Promise<void> {
    await this.events.insert(event);
  }

  /**
   * The event behind which a page looks no further, because it has then examined as many as it may. Nothing where
   * there are fewer, or where a single filter's index leads from match to match.
   */
  async findLastToExamine(filters: AuditFilters): Promise<AuditCursor | undefined> {
    const [selective, ...others] = filtersOf(filters);
    if (selective === undefined || others.length === 0) return undefined;
    const { where, values } = all([equal(selective), ...spanOf(filters)]);
    const rows = await this.database.query<AuditCursor[]>(
      `SELECT at, id FROM ${this.byIndex(selective.index)} ${where} ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?`,
      [...values, EXAMINED - 1],
    );
    return rows[0];
  }

  /**
   * The newest events that pass the filters, newest first.
   *
   * @param last the last event to look at
   */
  async findNewest(filters: AuditFilters, limit: number, last?: AuditCursor): Promise<AuditEvent[]> {
    const equalities = filtersOf(filters);
    const { where, values } = all([
      ...equalities.map(equal),
      ...spanOf(filters),
      ...(last === undefined ? [] : [upTo(last)]),
    ]);
    const table = this.byIndex(equalities[0]?.index ?? 'audit_events_at');
    return this.database.query<AuditEvent[]>(
      `SELECT ${COLUMNS} FROM ${table} ${where} ORDER BY at DESC, id DESC LIMIT ?`,
      [...values, limit],
    );
  }

  /** Removes what is as old as this or older, in small batches; answers how many events. */
  async removeUntil(until: Instant, stop?: AbortSignal): Promise<number> {
    return removeOutdated(this.events, { key: 'id', age: 'at', until, stop });
  }

  /**
   * Events as one index has them, in the order of the list. Left to choose, MariaDB reads all that is newer than a
   * cursor, or an index without the filter and sorts, above all when a statement is executed again. TypeORM's query
   * builder has no word for it on SQLite (MySQL: dev.mysql.com/doc/refman/8.4/en/index-hints.html).
   */
  private byIndex(index: string): string {
    return `audit_events ${this.database.dialect === 'sqlite' ? `INDEXED BY ${index}` : `FORCE INDEX (${index})`}`;
  }
}

interface Filter {
  readonly column: string;
  readonly index: string;
  readonly value: string;
}

interface Condition {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** The given filters, the most selective first. */
function filtersOf(filters: AuditFilters): Filter[] {
  return FILTERED.flatMap(([column, index]) => {
    const value = filters[column];
    return value === undefined ? [] : [{ column, index, value }];
  });
}

function equal({ column, value }: Filter): Condition {
  return { text: `${column} = ?`, values: [value] };
}

function spanOf({ from, to, cursor }: AuditFilters): Condition[] {
  return [
    ...(from === undefined ? [] : [{ text: 'at >= ?', values: [from] }]),
    ...(to === undefined ? [] : [{ text: 'at <= ?', values: [to] }]),
    ...(cursor === undefined ? [] : [behind(cursor)]),
  ];
}

/** Not as (at, id) < (?, ?), for which MySQL uses no index. */
function behind({ at, id }: AuditCursor): Condition {
  return { text: 'at <= ? AND (at < ? OR id < ?)', values: [at, at, id] };
}

function upTo({ at, id }: AuditCursor): Condition {
  return { text: 'at >= ? AND (at > ? OR id >= ?)', values: [at, at, id] };
}

function all(conditions: readonly Condition[]): { where: string; values: SqlValue[] } {
  return {
    where: conditions.length === 0 ? '' : `WHERE ${conditions.map(({ text }) => text).join(' AND ')}`,
    values: conditions.flatMap(({ values }) => values),
  };
}

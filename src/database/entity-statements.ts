import type { SqlValue } from './database.js';
import { getMetadataArgsStorage } from 'typeorm';

type EntityClass<T> = new () => T;

interface Column {
  readonly property: string;
  readonly name: string;
}

/** The columns that an entity declares: the one list that selects and inserts are written from. */
function columnsOf(entity: EntityClass<unknown>): Column[] {
  return getMetadataArgsStorage()
    .filterColumns(entity)
    .map(({ propertyName, options }) => ({ property: propertyName, name: options.name ?? propertyName }));
}

/**
 * `id, full_name AS "fullName", …`: what to select so that a row reads as the entity.
 *
 * @param table says whose columns they are, where the statement has more than one table
 */
export function columnList<T>(entity: EntityClass<T>, table?: string): string {
  const prefix = table === undefined ? '' : `${table}.`;
  return columnsOf(entity)
    .map(({ property, name }) => `${prefix}${name}${property === name ? '' : ` AS "${property}"`}`)
    .join(', ');
}

export interface InsertStatement<T> {
  readonly sql: string;
  /** The text for so many rows at once; its parameters are the `values` of each, one after the other. */
  readonly sqlForRows: (count: number) => string;
  /** The text for a row that is inserted only if this holds; the parameters of the condition come after its `values`. */
  readonly sqlWhere: (condition: string) => string;
  readonly values: (row: T) => SqlValue[];
}

/** An insert of whole rows of an entity: its text, made once, and the values in its order. */
export function insertStatement<T extends object>(entity: EntityClass<T>, table: string): InsertStatement<T> {
  const columns = columnsOf(entity);
  const names = columns.map(({ name }) => name).join(', ');
  const row = columns.map(() => '?').join(', ');
  const sqlForRows = (count: number) =>
    `INSERT INTO ${table} (${names}) VALUES ${Array.from({ length: count }, () => `(${row})`).join(', ')}`;
  return {
    sql: sqlForRows(1),
    sqlForRows,
    // MySQL wants a table where there is a condition.
    sqlWhere: (condition) =>
      `INSERT INTO ${table} (${names}) SELECT ${row} FROM (SELECT 1) AS one WHERE ${condition}`,
    values: (row) => {
      const fields = new Map<string, SqlValue>(Object.entries(row));
      return columns.map(({ property }) => fields.get(property) ?? null);
    },
  };
}

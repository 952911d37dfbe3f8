import type { QueryRunner } from 'typeorm';

/** InnoDB for its transactions; a binary collation, so that only equal text is equal, whatever the server's default. */
const MYSQL_TABLE = ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin';

/**
 * Runs statements written once for both dialects, with names in double quotes: MySQL gets its own quotes and table
 * options, and alone wants to hear of which table an index is dropped. MySQL commits each change of the schema by
 * itself, so a migration that fails half-way there is repeated by hand; keep migrations small.
 */
export async function runStatements(queryRunner: QueryRunner, statements: readonly string[]): Promise<void> {
  const mysql = queryRunner.dataSource.options.type !== 'better-sqlite3';
  for (const statement of statements)
    await queryRunner.query(mysql ? forMysql(statement) : forSqlite(statement));
}

function forMysql(statement: string): string {
  const options = statement.startsWith('CREATE TABLE') ? MYSQL_TABLE : '';
  // What stands between single quotes is text, and a double quote in it is one.
  const text = /'(?:[^']|'')*'|"/g;
  return statement.replaceAll(text, (part) => (part === '"' ? '`' : part)) + options;
}

function forSqlite(statement: string): string {
  return statement.replace(/^(DROP INDEX "\w+") ON "\w+"$/, '$1');
}

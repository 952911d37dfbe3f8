import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataSource } from 'typeorm';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import { AbstractSqliteQueryRunner } from 'typeorm/driver/sqlite-abstract/AbstractSqliteQueryRunner.js';
import { describe, expect, it } from 'vitest';

/** The methods of a class in whose text one of these words stands. */
function methodsThatSay(words: RegExp, ...classes: ReadonlyArray<{ readonly prototype: object }>): string[] {
  return classes.flatMap(({ prototype }) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([name, { value }]) => name !== 'constructor' && words.test(String(value)))
      .map(([name]) => name),
  );
}

/**
 * What the query runners of this folder rely on and TypeORM does not promise. Where this fails after an update, read
 * what changed: a statement that goes past `query` belongs to no transaction and has no deadline.
 */
describe("TypeORM's query runners", () => {
  it('reach MySQL by `query` alone, or by a stream, which nothing here asks for', () => {
    const reaching = methodsThatSay(/\bthis\.connect\(|\bdatabaseConnection\b/, MysqlQueryRunner);
    expect(reaching).toEqual(['connect', 'release', 'query', 'stream']);
  });

  it('reach SQLite by `query` alone, or by pragmas of migrations', () => {
    const reaching = methodsThatSay(
      /\bthis\.connect\(|\bdatabaseConnection\b/,
      BetterSqlite3QueryRunner,
      AbstractSqliteQueryRunner,
    );
    expect(reaching).toEqual([
      'getStmt',
      'beforeMigration',
      'afterMigration',
      'loadPragmaRecords',
      'connect',
    ]);
  });

  it('are made by `createQueryRunner` of the data source, which begins by learning the entities', () => {
    expect(methodsThatSay(/\bdriver\.createQueryRunner\(/, DataSource)).toEqual(['createQueryRunner']);
    expect(methodsThatSay(/\bthis\.buildMetadatas\(\)/, DataSource)).toEqual(['initialize']);
  });
});

describe('mysql2', () => {
  it('sends a whole number in the type that a MySQL 8 server asks for, as a LIMIT there demands', () => {
    const load = createRequire(import.meta.url);
    const lib = join(dirname(load.resolve('mysql2')), 'lib');
    const { toParameter } = load(join(lib, 'packets/encode_parameter.js'));
    const types = load(join(lib, 'constants/types.js'));
    const asked = { columnType: types.LONGLONG, flags: 0 };
    expect(toParameter(20, 'utf8', 'Z', false, asked)).toMatchObject({ type: types.LONGLONG });
  });
});

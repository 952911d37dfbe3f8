import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/**
 * Indexes that the search terms make needless; four of them, and one of the sorts, changed at each sign-in. The
 * folded name goes with them.
 */
const DROPPED = {
  users_search_username: ['username', 'status', 'created_at', 'last_sign_in_at', 'id'],
  users_search_email: ['email', 'status', 'created_at', 'last_sign_in_at', 'username', 'id'],
  users_search_phone: ['phone', 'status', 'created_at', 'last_sign_in_at', 'username', 'id'],
  users_search_name: ['search_name', 'status', 'created_at', 'last_sign_in_at', 'username', 'id'],
  users_status_username: ['status', 'username', 'id'],
  users_status_last_sign_in_at: ['status', 'last_sign_in_at', 'id'],
};

/** On MySQL one statement, which is done as a whole or not at all: so the column tells whether it was done. */
export class DropIndexesOfOldSearch1763830000002 implements MigrationInterface {
  name = 'DropIndexesOfOldSearch1763830000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    if (!(await queryRunner.hasColumn('users', 'search_name'))) return;
    const drops = Object.keys(DROPPED).map((name) => `DROP INDEX "${name}"`);
    await alterUsers(queryRunner, [...drops, 'DROP COLUMN "search_name"']);
  }

  /** SQL folds case only, so the older build finds names in other widths once they are changed. */
  async down(queryRunner: QueryRunner): Promise<void> {
    if (!(await queryRunner.hasColumn('users', 'search_name'))) {
      const adds = Object.entries(DROPPED).map(([name, columns]) => {
        return `ADD INDEX "${name}" (${columns.map((column) => `"${column}"`).join(', ')})`;
      });
      await alterUsers(queryRunner, [`ADD COLUMN "search_name" varchar(128) NOT NULL DEFAULT ''`, ...adds]);
    }
    await runStatements(queryRunner, [`UPDATE "users" SET "search_name" = LOWER("full_name")`]);
  }
}

/** SQLite alters one thing at a time, within a transaction, and has other words for indexes. */
async function alterUsers(queryRunner: QueryRunner, changes: string[]): Promise<void> {
  const isSqlite = queryRunner.dataSource.options.type === 'better-sqlite3';
  const each = changes.map((change) =>
    change.includes(' INDEX ')
      ? change.replace(/^ADD INDEX (\S+)/, 'CREATE INDEX $1 ON "users"')
      : `ALTER TABLE "users" ${change}`,
  );
  await runStatements(queryRunner, isSqlite ? each : [`ALTER TABLE "users" ${changes.join(', ')}`]);
}

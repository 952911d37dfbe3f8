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

/** Each step looks first whether it was done, because MySQL keeps those that came before a failure. */
export class DropIndexesOfOldSearch1763830000002 implements MigrationInterface {
  name = 'DropIndexesOfOldSearch1763830000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    const present = await indexesOf(queryRunner);
    for (const name of Object.keys(DROPPED))
      if (present.has(name)) await runStatements(queryRunner, [`DROP INDEX "${name}" ON "users"`]);
    if (await queryRunner.hasColumn('users', 'search_name'))
      await runStatements(queryRunner, [`ALTER TABLE "users" DROP COLUMN "search_name"`]);
  }

  /** SQL folds case only, so the older build finds names in other widths once they are changed. */
  async down(queryRunner: QueryRunner): Promise<void> {
    if (!(await queryRunner.hasColumn('users', 'search_name'))) {
      await runStatements(queryRunner, [
        `ALTER TABLE "users" ADD COLUMN "search_name" varchar(128) NOT NULL DEFAULT ''`,
        `UPDATE "users" SET "search_name" = LOWER("full_name")`,
      ]);
    }
    const present = await indexesOf(queryRunner);
    for (const [name, columns] of Object.entries(DROPPED)) {
      const list = columns.map((column) => `"${column}"`).join(', ');
      if (!present.has(name))
        await runStatements(queryRunner, [`CREATE INDEX "${name}" ON "users" (${list})`]);
    }
  }
}

async function indexesOf(queryRunner: QueryRunner): Promise<Set<string | undefined>> {
  const table = await queryRunner.getTable('users');
  return new Set(table?.indices.map(({ name }) => name));
}

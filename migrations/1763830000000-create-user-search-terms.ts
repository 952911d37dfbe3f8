import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** What users are found by; the next migration fills it. What an attempt before has left of it is made anew. */
export class CreateUserSearchTerms1763830000000 implements MigrationInterface {
  name = 'CreateUserSearchTerms1763830000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.down(queryRunner);
    await runStatements(queryRunner, [
      `ALTER TABLE "users" ADD COLUMN "short_id" bigint NULL`,
      `CREATE UNIQUE INDEX "users_short_id" ON "users" ("short_id")`,
      `CREATE TABLE "user_search_terms" (
        "short_id" bigint NOT NULL,
        "term" varchar(100) NOT NULL,
        PRIMARY KEY ("short_id", "term"),
        CONSTRAINT "user_search_terms_short_id" FOREIGN KEY ("short_id") REFERENCES "users" ("short_id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE INDEX "user_search_terms_term" ON "user_search_terms" ("term", "short_id")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [`DROP TABLE IF EXISTS "user_search_terms"`]);
    if (!(await queryRunner.hasColumn('users', 'short_id'))) return;
    // MySQL drops the index with its only column, and SQLite wants it dropped before.
    if (queryRunner.dataSource.options.type === 'better-sqlite3')
      await runStatements(queryRunner, [`DROP INDEX IF EXISTS "users_short_id"`]);
    await runStatements(queryRunner, [`ALTER TABLE "users" DROP COLUMN "short_id"`]);
  }
}

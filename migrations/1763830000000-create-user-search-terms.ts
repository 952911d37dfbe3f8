import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** What users are found by; the next migration fills it. What an attempt before has left of it is made anew. */
export class CreateUserSearchTerms1763830000000 implements MigrationInterface {
  name = 'CreateUserSearchTerms1763830000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.down(queryRunner);
    await runStatements(queryRunner, [
      `CREATE TABLE "user_search_terms" (
        "term" varchar(100) NOT NULL,
        "user_id" varchar(36) NOT NULL,
        "user_created_at" bigint NOT NULL,
        PRIMARY KEY ("term", "user_id"),
        CONSTRAINT "user_search_terms_user_id" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE INDEX "user_search_terms_user" ON "user_search_terms" ("user_id", "term")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [`DROP TABLE IF EXISTS "user_search_terms"`]);
  }
}

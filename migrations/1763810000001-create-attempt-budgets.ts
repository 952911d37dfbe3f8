import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Counts of attempts, and the secret under which names that belong to nobody are counted. */
export class CreateAttemptBudgets1763810000001 implements MigrationInterface {
  name = 'CreateAttemptBudgets1763810000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE TABLE "attempt_budgets" (
        "budget_key" varchar(96) NOT NULL PRIMARY KEY,
        "used" integer NOT NULL,
        "reported" integer NOT NULL,
        "last_at" bigint NOT NULL
      )`,
      `CREATE INDEX "attempt_budgets_last_at" ON "attempt_budgets" ("last_at")`,
      `CREATE TABLE "shared_secrets" (
        "name" varchar(32) NOT NULL PRIMARY KEY,
        "value" varchar(64) NOT NULL,
        "created_at" bigint NOT NULL
      )`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [`DROP TABLE "shared_secrets"`, `DROP TABLE "attempt_budgets"`]);
  }
}

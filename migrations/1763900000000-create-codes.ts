import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/**
 * Codes that are mailed, budgets with a window each, and what the life of an account adds to users and sessions. Defaults
 * and nulls let an older build write beside a newer one.
 */
export class CreateCodes1763900000000 implements MigrationInterface {
  name = 'CreateCodes1763900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE TABLE "one_time_codes" (
        "purpose" varchar(16) NOT NULL,
        "subject" varchar(43) NOT NULL,
        "user_id" varchar(36) NULL,
        "recipient" varchar(254) NULL,
        "seed" varchar(22) NOT NULL,
        "key_id" varchar(64) NOT NULL,
        "user_version" integer NULL,
        "created_at" bigint NOT NULL,
        "expires_at" bigint NOT NULL,
        "used_at" bigint NULL,
        PRIMARY KEY ("purpose", "subject"),
        CONSTRAINT "one_time_codes_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE INDEX "one_time_codes_user_id" ON "one_time_codes" ("user_id")`,
      `CREATE INDEX "one_time_codes_expires_at" ON "one_time_codes" ("expires_at")`,
      `ALTER TABLE "attempt_budgets" ADD COLUMN "forget_at" bigint NULL`,
      `CREATE INDEX "attempt_budgets_forget_at" ON "attempt_budgets" ("forget_at")`,
      `DROP INDEX "attempt_budgets_last_at" ON "attempt_budgets"`,
      `ALTER TABLE "users" ADD COLUMN "language" varchar(8) NULL`,
      `ALTER TABLE "users" ADD COLUMN "email_verified_at" bigint NULL`,
      `ALTER TABLE "users" ADD COLUMN "second_factor_at" bigint NULL`,
      `ALTER TABLE "users" ADD COLUMN "must_change_password" integer NOT NULL DEFAULT 0`,
      `ALTER TABLE "sessions" ADD COLUMN "proof" varchar(64) NOT NULL DEFAULT 'password'`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `ALTER TABLE "sessions" DROP COLUMN "proof"`,
      `ALTER TABLE "users" DROP COLUMN "must_change_password"`,
      `ALTER TABLE "users" DROP COLUMN "second_factor_at"`,
      `ALTER TABLE "users" DROP COLUMN "email_verified_at"`,
      `ALTER TABLE "users" DROP COLUMN "language"`,
      `CREATE INDEX "attempt_budgets_last_at" ON "attempt_budgets" ("last_at")`,
      `DROP INDEX "attempt_budgets_forget_at" ON "attempt_budgets"`,
      `ALTER TABLE "attempt_budgets" DROP COLUMN "forget_at"`,
      `DROP TABLE "one_time_codes"`,
    ]);
  }
}

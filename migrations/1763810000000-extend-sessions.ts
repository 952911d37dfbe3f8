import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Where sessions are renewed from, where users are known to sign in from, and what the sweep looks for. */
export class ExtendSessions1763810000000 implements MigrationInterface {
  name = 'ExtendSessions1763810000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `ALTER TABLE "sessions" ADD COLUMN "renewed_ip" varchar(45) NULL`,
      `ALTER TABLE "sessions" ADD COLUMN "renewed_ip_at" bigint NULL`,
      `CREATE INDEX "sessions_ended_at" ON "sessions" ("ended_at")`,
      `CREATE INDEX "sessions_idle_expires_at" ON "sessions" ("idle_expires_at")`,
      `CREATE TABLE "known_addresses" (
        "user_id" varchar(36) NOT NULL,
        "address" varchar(45) NOT NULL,
        "signed_in_at" bigint NOT NULL,
        PRIMARY KEY ("user_id", "address"),
        CONSTRAINT "known_addresses_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE INDEX "known_addresses_signed_in_at" ON "known_addresses" ("signed_in_at")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `DROP TABLE "known_addresses"`,
      `DROP INDEX "sessions_idle_expires_at" ON "sessions"`,
      `DROP INDEX "sessions_ended_at" ON "sessions"`,
      `ALTER TABLE "sessions" DROP COLUMN "renewed_ip_at"`,
      `ALTER TABLE "sessions" DROP COLUMN "renewed_ip"`,
    ]);
  }
}

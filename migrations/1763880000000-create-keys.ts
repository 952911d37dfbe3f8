import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/**
 * Service accounts and their keys. A key is a session that a program holds, so it has a row of `sessions`; what only keys
 * have stands in `api_keys`. Defaults let an older build write beside a newer one.
 */
export class CreateKeys1763880000000 implements MigrationInterface {
  name = 'CreateKeys1763880000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `ALTER TABLE "users" ADD COLUMN "kind" varchar(8) NOT NULL DEFAULT 'person'`,
      `CREATE INDEX "users_kind" ON "users" ("kind", "created_at", "id")`,
      `ALTER TABLE "sessions" ADD COLUMN "kind" varchar(8) NOT NULL DEFAULT 'device'`,
      `ALTER TABLE "sessions" ADD COLUMN "scopes" text NULL`,
      `ALTER TABLE "sessions" ADD COLUMN "authenticated_at" bigint NULL`,
      // The limit of sessions counts devices, and reads nothing but this index.
      `CREATE INDEX "sessions_user_devices" ON "sessions" ("user_id", "ended_at", "created_at", "idle_expires_at", "kind")`,
      `DROP INDEX "sessions_user_live" ON "sessions"`,
      `CREATE TABLE "api_keys" (
        "session_id" varchar(36) NOT NULL PRIMARY KEY,
        "name" varchar(64) NOT NULL,
        "hint" varchar(4) NOT NULL,
        "created_by" varchar(36) NULL,
        "replaced_by" varchar(36) NULL,
        "networks" varchar(1024) NULL,
        "warned_at" bigint NULL,
        CONSTRAINT "api_keys_session" FOREIGN KEY ("session_id") REFERENCES "sessions" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `DROP TABLE "api_keys"`,
      // An older build would take them for devices, without the bounds of their scopes.
      `DELETE FROM "sessions" WHERE "kind" = 'key'`,
      `CREATE INDEX "sessions_user_live" ON "sessions" ("user_id", "ended_at", "created_at", "idle_expires_at")`,
      `DROP INDEX "sessions_user_devices" ON "sessions"`,
      `ALTER TABLE "sessions" DROP COLUMN "authenticated_at"`,
      `ALTER TABLE "sessions" DROP COLUMN "scopes"`,
      `ALTER TABLE "sessions" DROP COLUMN "kind"`,
      // They would become people, with all their roles.
      `UPDATE "users" SET "status" = 'disabled' WHERE "kind" = 'service'`,
      `DROP INDEX "users_kind" ON "users"`,
      `ALTER TABLE "users" DROP COLUMN "kind"`,
    ]);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Second factors of people: an authenticator app, passkeys, and recovery codes for when these are lost. */
export class CreateFactors1763910000000 implements MigrationInterface {
  name = 'CreateFactors1763910000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE TABLE "totp_factors" (
        "user_id" varchar(36) NOT NULL PRIMARY KEY,
        "secret" varchar(512) NOT NULL,
        "key_id" varchar(64) NOT NULL,
        "last_step" bigint NOT NULL,
        "created_at" bigint NOT NULL,
        "last_used_at" bigint NULL,
        CONSTRAINT "totp_factors_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE INDEX "totp_factors_key_id" ON "totp_factors" ("key_id")`,
      `CREATE TABLE "recovery_codes" (
        "user_id" varchar(36) NOT NULL,
        "digest" varchar(43) NOT NULL,
        "used_at" bigint NULL,
        PRIMARY KEY ("user_id", "digest"),
        CONSTRAINT "recovery_codes_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE TABLE "passkeys" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "user_id" varchar(36) NOT NULL,
        "credential_id" varchar(1400) NOT NULL,
        "credential_digest" varchar(43) NOT NULL,
        "public_key" varchar(1400) NOT NULL,
        "counter" bigint NOT NULL,
        "rp_id" varchar(253) NOT NULL,
        "transports" varchar(128) NOT NULL,
        "synced" integer NOT NULL,
        "aaguid" varchar(36) NOT NULL,
        "name" varchar(64) NOT NULL,
        "created_at" bigint NOT NULL,
        "last_used_at" bigint NULL,
        CONSTRAINT "passkeys_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE UNIQUE INDEX "passkeys_credential_digest" ON "passkeys" ("credential_digest")`,
      `CREATE INDEX "passkeys_user_id" ON "passkeys" ("user_id", "created_at")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      // Nobody could show a factor any more.
      `UPDATE "users" SET "second_factor_at" = NULL WHERE "second_factor_at" IS NOT NULL`,
      `DROP TABLE "passkeys"`,
      `DROP TABLE "recovery_codes"`,
      `DROP TABLE "totp_factors"`,
    ]);
  }
}

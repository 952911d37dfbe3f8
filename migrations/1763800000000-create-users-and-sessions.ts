import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Users with their identifiers and passwords, sessions, and roles with the built-in administrator. */
export class CreateUsersAndSessions1763800000000 implements MigrationInterface {
  name = 'CreateUsersAndSessions1763800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE TABLE "users" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "username" varchar(32) NOT NULL,
        "full_name" varchar(128) NOT NULL,
        "search_name" varchar(128) NOT NULL,
        "email" varchar(254) NULL,
        "phone" varchar(16) NULL,
        "status" varchar(16) NOT NULL,
        "credential_version" integer NOT NULL,
        "password_change_at" bigint NOT NULL,
        "created_at" bigint NOT NULL,
        "updated_at" bigint NOT NULL,
        "last_sign_in_at" bigint NULL
      )`,
      `CREATE UNIQUE INDEX "users_username" ON "users" ("username")`,
      `CREATE UNIQUE INDEX "users_email" ON "users" ("email")`,
      `CREATE UNIQUE INDEX "users_phone" ON "users" ("phone")`,
      // Every order and every filter of the list of users, so that none of them reads the whole table.
      // A search reads only these: ten thousand matches would else be ten thousand rows at random places.
      `CREATE INDEX "users_search_username" ON "users" ("username", "status", "created_at", "last_sign_in_at", "id")`,
      `CREATE INDEX "users_search_email" ON "users" ("email", "status", "created_at", "last_sign_in_at", "username", "id")`,
      `CREATE INDEX "users_search_phone" ON "users" ("phone", "status", "created_at", "last_sign_in_at", "username", "id")`,
      `CREATE INDEX "users_search_name" ON "users" ("search_name", "status", "created_at", "last_sign_in_at", "username", "id")`,
      `CREATE INDEX "users_created_at" ON "users" ("created_at", "id")`,
      `CREATE INDEX "users_last_sign_in_at" ON "users" ("last_sign_in_at", "id")`,
      `CREATE INDEX "users_status_created_at" ON "users" ("status", "created_at", "id")`,
      `CREATE INDEX "users_status_username" ON "users" ("status", "username", "id")`,
      `CREATE INDEX "users_status_last_sign_in_at" ON "users" ("status", "last_sign_in_at", "id")`,

      `CREATE TABLE "password_credentials" (
        "user_id" varchar(36) NOT NULL PRIMARY KEY,
        "hash" varchar(255) NOT NULL,
        "updated_at" bigint NOT NULL,
        CONSTRAINT "password_credentials_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,

      `CREATE TABLE "sessions" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "user_id" varchar(36) NOT NULL,
        "refresh_digest" varchar(43) NOT NULL,
        "user_agent" varchar(512) NOT NULL,
        "ip" varchar(45) NOT NULL,
        "created_at" bigint NOT NULL,
        "last_seen_at" bigint NOT NULL,
        "idle_expires_at" bigint NOT NULL,
        "expires_at" bigint NOT NULL,
        "ended_at" bigint NULL,
        "end_reason" varchar(32) NULL,
        CONSTRAINT "sessions_user_id" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE UNIQUE INDEX "sessions_refresh_digest" ON "sessions" ("refresh_digest")`,
      `CREATE INDEX "sessions_user" ON "sessions" ("user_id", "ended_at", "created_at")`,

      `CREATE TABLE "roles" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "role_key" varchar(64) NOT NULL,
        "name" varchar(64) NOT NULL,
        "description" varchar(512) NOT NULL,
        "built_in" integer NOT NULL,
        "created_at" bigint NOT NULL,
        "updated_at" bigint NOT NULL
      )`,
      `CREATE UNIQUE INDEX "roles_role_key" ON "roles" ("role_key")`,
      `CREATE TABLE "role_permissions" (
        "role_id" varchar(36) NOT NULL,
        "permission" varchar(64) NOT NULL,
        PRIMARY KEY ("role_id", "permission"),
        CONSTRAINT "role_permissions_role" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE TABLE "user_roles" (
        "user_id" varchar(36) NOT NULL,
        "role_id" varchar(36) NOT NULL,
        "user_created_at" bigint NOT NULL,
        PRIMARY KEY ("user_id", "role_id"),
        CONSTRAINT "user_roles_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT,
        CONSTRAINT "user_roles_role_id" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
      )`,
      `CREATE INDEX "user_roles_role" ON "user_roles" ("role_id", "user_created_at", "user_id")`,

      // A fixed id, so that every installation and every restored backup means the same role.
      `INSERT INTO "roles" ("id", "role_key", "name", "description", "built_in", "created_at", "updated_at")
       VALUES ('00000000-0000-4000-8000-000000000001', 'administrator', 'Administrator',
               'Holds every permission', 1, 1763800000000, 1763800000000)`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `DROP TABLE "user_roles"`,
      `DROP TABLE "role_permissions"`,
      `DROP TABLE "roles"`,
      `DROP TABLE "sessions"`,
      `DROP TABLE "password_credentials"`,
      `DROP TABLE "users"`,
    ]);
  }
}

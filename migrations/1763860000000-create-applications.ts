import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Applications and the permissions that they declare. Roles can list those, and so their column becomes wider. */
export class CreateApplications1763860000000 implements MigrationInterface {
  name = 'CreateApplications1763860000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE TABLE "applications" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "app_key" varchar(32) NOT NULL,
        "name" varchar(64) NOT NULL,
        "owner_id" varchar(36) NULL,
        "revision" integer NOT NULL,
        "created_at" bigint NOT NULL,
        "updated_at" bigint NOT NULL,
        CONSTRAINT "applications_owner" FOREIGN KEY ("owner_id") REFERENCES "users" ("id") ON DELETE SET NULL ON UPDATE RESTRICT
      )`,
      `CREATE UNIQUE INDEX "applications_app_key" ON "applications" ("app_key")`,
      `CREATE INDEX "applications_owner_id" ON "applications" ("owner_id")`,
      `CREATE TABLE "application_permissions" (
        "permission" varchar(128) NOT NULL PRIMARY KEY,
        "application_id" varchar(36) NOT NULL,
        "description_en" varchar(512) NOT NULL,
        "description_zh" varchar(512) NOT NULL,
        "retired_at" bigint NULL,
        CONSTRAINT "application_permissions_application" FOREIGN KEY ("application_id") REFERENCES "applications" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE INDEX "application_permissions_application_id" ON "application_permissions" ("application_id")`,
      ...permissionsOfWidth(queryRunner, 128),
      `CREATE INDEX "role_permissions_permission" ON "role_permissions" ("permission")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `DROP INDEX "role_permissions_permission" ON "role_permissions"`,
      // An older build would not know them.
      `DELETE FROM "role_permissions" WHERE "permission" LIKE '%/%'`,
      ...permissionsOfWidth(queryRunner, 64),
      `DROP TABLE "application_permissions"`,
      `DROP TABLE "applications"`,
    ]);
  }
}

/** SQLite cannot change a column and makes the table anew; MySQL does it in one statement, beside which others write. */
function permissionsOfWidth({ dataSource }: QueryRunner, width: number): string[] {
  if (dataSource.options.type !== 'better-sqlite3')
    return [`ALTER TABLE "role_permissions" MODIFY "permission" varchar(${width}) NOT NULL`];
  return [
    `CREATE TABLE "role_permissions_new" (
      "role_id" varchar(36) NOT NULL,
      "permission" varchar(${width}) NOT NULL,
      PRIMARY KEY ("role_id", "permission"),
      CONSTRAINT "role_permissions_role" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
    )`,
    `INSERT INTO "role_permissions_new" SELECT "role_id", "permission" FROM "role_permissions"`,
    `DROP TABLE "role_permissions"`,
    `ALTER TABLE "role_permissions_new" RENAME TO "role_permissions"`,
  ];
}

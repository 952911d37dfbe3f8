import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Menus of applications: what their front ends show to whom. */
export class CreateMenus1763870000000 implements MigrationInterface {
  name = 'CreateMenus1763870000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `ALTER TABLE "applications" ADD COLUMN "menu_revision" integer NOT NULL DEFAULT 0`,
      `CREATE TABLE "menus" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "application_id" varchar(36) NOT NULL,
        "parent_id" varchar(36) NULL,
        "position" integer NOT NULL,
        "kind" varchar(8) NOT NULL,
        "menu_key" varchar(64) NOT NULL,
        "title_en" varchar(64) NOT NULL,
        "title_zh" varchar(64) NOT NULL,
        "path" varchar(255) NOT NULL,
        "component" varchar(255) NOT NULL,
        "redirect" varchar(255) NOT NULL,
        "icon" varchar(128) NOT NULL,
        "url" varchar(1024) NOT NULL,
        "hidden" integer NOT NULL,
        "keep_alive" integer NOT NULL,
        "enabled" integer NOT NULL,
        "permissions" text NOT NULL,
        "meta" text NOT NULL,
        "revision" integer NOT NULL,
        CONSTRAINT "menus_application" FOREIGN KEY ("application_id") REFERENCES "applications" ("id") ON DELETE CASCADE ON UPDATE RESTRICT,
        CONSTRAINT "menus_parent" FOREIGN KEY ("parent_id") REFERENCES "menus" ("id") ON DELETE CASCADE ON UPDATE RESTRICT
      )`,
      `CREATE UNIQUE INDEX "menus_application_menu" ON "menus" ("application_id", "menu_key")`,
      `CREATE INDEX "menus_parent_id" ON "menus" ("parent_id")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `DROP TABLE "menus"`,
      `ALTER TABLE "applications" DROP COLUMN "menu_revision"`,
    ]);
  }
}

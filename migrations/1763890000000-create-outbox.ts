import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Messages that were written with a change and are sent afterwards. No foreign key: a message may outlive its user. */
export class CreateOutbox1763890000000 implements MigrationInterface {
  name = 'CreateOutbox1763890000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE TABLE "outbox" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "channel" varchar(8) NOT NULL,
        "template" varchar(32) NOT NULL,
        "recipient" varchar(254) NOT NULL,
        "language" varchar(8) NOT NULL,
        "params" varchar(1024) NOT NULL,
        "sealed" varchar(512) NULL,
        "state" varchar(8) NOT NULL,
        "created_at" bigint NOT NULL,
        "due_at" bigint NOT NULL,
        "expires_at" bigint NOT NULL,
        "tries" integer NOT NULL,
        "leased_until" bigint NOT NULL,
        "error" varchar(128) NULL,
        "done_at" bigint NULL
      )`,
      `CREATE INDEX "outbox_due" ON "outbox" ("state", "due_at")`,
      `CREATE INDEX "outbox_done_at" ON "outbox" ("done_at")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [`DROP TABLE "outbox"`]);
  }
}

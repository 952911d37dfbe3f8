import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/**
 * The record gets an order that is fixed once an event is committed, so that a reader who goes on from where it was misses
 * none. `seq` stays empty until the sequencer of some replica numbers the event.
 */
export class NumberAuditEvents1763850000000 implements MigrationInterface {
  name = 'NumberAuditEvents1763850000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `ALTER TABLE "audit_events" ADD COLUMN "seq" bigint NULL`,
      `CREATE UNIQUE INDEX "audit_events_seq" ON "audit_events" ("seq")`,
      // A million events of an older build are then numbered batch by batch, and no batch sorts those that are left.
      `CREATE INDEX "audit_events_unnumbered" ON "audit_events" ("seq", "at", "id")`,
      `CREATE INDEX "audit_events_ip" ON "audit_events" ("ip", "at", "id")`,
      `CREATE TABLE "audit_head" (
        "id" integer NOT NULL PRIMARY KEY,
        "seq" bigint NOT NULL,
        "updated_at" bigint NOT NULL
      )`,
      `INSERT INTO "audit_head" ("id", "seq", "updated_at") VALUES (1, 0, 0)`,
      `CREATE TABLE "audit_counts" (
        "hour" bigint NOT NULL,
        "action" varchar(32) NOT NULL,
        "outcome" varchar(16) NOT NULL,
        "n" bigint NOT NULL,
        PRIMARY KEY ("hour", "action", "outcome")
      )`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `DROP TABLE "audit_counts"`,
      `DROP TABLE "audit_head"`,
      `DROP INDEX "audit_events_ip" ON "audit_events"`,
      `DROP INDEX "audit_events_unnumbered" ON "audit_events"`,
      `DROP INDEX "audit_events_seq" ON "audit_events"`,
      `ALTER TABLE "audit_events" DROP COLUMN "seq"`,
    ]);
  }
}

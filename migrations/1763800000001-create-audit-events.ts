import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The record of who did what. Ids are not foreign keys: the record outlives the people in it. */
export class CreateAuditEvents1763800000001 implements MigrationInterface {
  name = 'CreateAuditEvents1763800000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE TABLE "audit_events" (
        "id" varchar(36) NOT NULL PRIMARY KEY,
        "at" bigint NOT NULL,
        "actor_id" varchar(36) NULL,
        "session_id" varchar(36) NULL,
        "action" varchar(32) NOT NULL,
        "target_type" varchar(16) NOT NULL,
        "target_id" varchar(36) NULL,
        "outcome" varchar(16) NOT NULL,
        "ip" varchar(45) NOT NULL,
        "user_agent" varchar(512) NOT NULL,
        "request_id" varchar(64) NOT NULL,
        "detail" text NOT NULL
      )`,
      `CREATE INDEX "audit_events_at" ON "audit_events" ("at", "id")`,
      `CREATE INDEX "audit_events_actor" ON "audit_events" ("actor_id", "at", "id")`,
      `CREATE INDEX "audit_events_target" ON "audit_events" ("target_id", "at", "id")`,
      `CREATE INDEX "audit_events_action" ON "audit_events" ("action", "at", "id")`,
      `CREATE INDEX "audit_events_outcome" ON "audit_events" ("outcome", "at", "id")`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [`DROP TABLE "audit_events"`]);
  }
}

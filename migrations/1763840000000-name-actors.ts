import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** The record tells who did something by the name of that time too: a command of the operator has no other. */
export class NameActors1763840000000 implements MigrationInterface {
  name = 'NameActors1763840000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `ALTER TABLE "audit_events" ADD COLUMN "actor_name" varchar(32) NOT NULL DEFAULT ''`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [`ALTER TABLE "audit_events" DROP COLUMN "actor_name"`]);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** A user's sessions are counted at each of their sign-ins: from an index alone, which now tells which are live. */
export class CoverLiveSessions1763820000000 implements MigrationInterface {
  name = 'CoverLiveSessions1763820000000';

  // The new index comes first, because on MySQL the foreign key must always have one.
  async up(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE INDEX "sessions_user_live" ON "sessions" ("user_id", "ended_at", "created_at", "idle_expires_at")`,
      `DROP INDEX "sessions_user" ON "sessions"`,
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await runStatements(queryRunner, [
      `CREATE INDEX "sessions_user" ON "sessions" ("user_id", "ended_at", "created_at")`,
      `DROP INDEX "sessions_user_live" ON "sessions"`,
    ]);
  }
}

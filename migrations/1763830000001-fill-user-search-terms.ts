import { Logger } from '@nestjs/common';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { shortIdOf } from '../src/users/user.entity.js';
import { searchTerms, type Searched } from '../src/users/search-terms.js';

type Row = Searched & { readonly id: string };

/** Users of one transaction: few enough that nobody waits long for their rows. */
const BATCH = 500;

/** Users between two lines that tell how far it is. */
const STRETCH = 20_000;

/** A batch that loses to a change by a running service is read and written again. */
const ATTEMPTS = 5;

/** Gives the users who are there already their short ids and search terms. Once more does no harm, so it can begin anew after a failure. */
export class FillUserSearchTerms1763830000001 implements MigrationInterface {
  name = 'FillUserSearchTerms1763830000001';

  /** Each batch is a transaction of its own. */
  transaction = false;

  private readonly log = new Logger('Migration');

  async up(queryRunner: QueryRunner): Promise<void> {
    let done = 0;
    let last: string | undefined = '';
    while (last !== undefined) {
      const after: string = last;
      const users: Row[] = await this.patiently(() => this.fillAfter(queryRunner, after), queryRunner);
      done += users.length;
      last = users.at(-1)?.id;
      if (users.length > 0 && done % STRETCH === 0) this.log.log(`search terms of ${done} users written`);
    }
  }

  /** The table goes with the migration that made it. */
  async down(): Promise<void> {}

  private async fillAfter(queryRunner: QueryRunner, last: string): Promise<Row[]> {
    await queryRunner.startTransaction();
    const users: Row[] = await queryRunner.query(
      `SELECT id, username, full_name AS fullName, email, phone
       FROM users WHERE id > ? ORDER BY id LIMIT ${BATCH}`,
      [last],
    );
    const ids = users.map(({ id }) => ({ id, shortId: shortIdOf(id) }));
    const places = users.map(() => '?').join(', ');
    if (users.length > 0) {
      await queryRunner.query(
        `UPDATE users SET short_id = CASE id ${'WHEN ? THEN ? '.repeat(ids.length)} END WHERE id IN (${places})`,
        [...ids.flatMap(({ id, shortId }) => [id, shortId]), ...ids.map(({ id }) => id)],
      );
      await queryRunner.query(
        `DELETE FROM user_search_terms WHERE short_id IN (${places})`,
        ids.map(({ shortId }) => shortId),
      );
    }
    const rows = users.flatMap((user) => searchTerms(user).map((term) => [shortIdOf(user.id), term]));
    for (let from = 0; from < rows.length; from += BATCH) {
      const part = rows.slice(from, from + BATCH);
      await queryRunner.query(
        `INSERT INTO user_search_terms (short_id, term) VALUES ${part.map(() => '(?, ?)').join(', ')}`,
        part.flat(),
      );
    }
    await queryRunner.commitTransaction();
    return users;
  }

  private async patiently<T>(work: () => Promise<T>, queryRunner: QueryRunner): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (queryRunner.isTransactionActive) await queryRunner.rollbackTransaction();
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }
}

import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { insertStatement } from '../database/entity-statements.js';
import { AuditEvent } from './audit-event.entity.js';

const INSERT = insertStatement(AuditEvent, 'audit_events');

/** The record of who did what, in the database. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async insert(event: AuditEvent): Promise<void> {
    await this.database.execute(INSERT.sql, INSERT.values(event));
  }
}

import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** How many numbered events of an action came to an outcome in an hour. */
@Entity('audit_counts')
export class AuditCount {
  /** When the hour began. */
  @PrimaryColumn('bigint')
  hour!: Instant;

  @PrimaryColumn('varchar', { length: 32 })
  action!: string;

  @PrimaryColumn('varchar', { length: 16 })
  outcome!: string;

  @Column('bigint')
  n!: number;
}

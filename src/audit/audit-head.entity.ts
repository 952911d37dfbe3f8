import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** One row: how far the record is numbered. Whoever moves it from the number that it read owns the numbers between. */
@Entity('audit_head')
export class AuditHead {
  @PrimaryColumn('integer')
  id!: number;

  /** The number of the newest numbered event. */
  @Column('bigint')
  seq!: number;

  @Column('bigint', { name: 'updated_at' })
  updatedAt!: Instant;
}

/** Which row that is. */
export const HEAD = { id: 1 } as const;

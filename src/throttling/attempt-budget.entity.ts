import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** How many attempts were admitted under one key. No row: none that anybody remembers. */
@Entity('attempt_budgets')
@Index('attempt_budgets_last_at', ['lastAt'])
export class AttemptBudget {
  @PrimaryColumn('varchar', { name: 'budget_key', length: 96 })
  budgetKey!: string;

  @Column('int')
  used!: number;

  /** 1 once the first refusal since the count began was reported, before that 0. */
  @Column('int')
  reported!: number;

  /** When the last attempt was admitted. */
  @Column('bigint', { name: 'last_at' })
  lastAt!: Instant;
}

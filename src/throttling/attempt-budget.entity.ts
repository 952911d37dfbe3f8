import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../platform/time/clock.js';

/** How many attempts were admitted under one key; without a row none. */
@Entity('attempt_budgets')
@Index('attempt_budgets_forget_at', ['forgetAt'])
export class AttemptBudget {
  @PrimaryColumn('varchar', { name: 'budget_key', length: 96 })
  budgetKey!: string;

  @Column('int')
  used!: number;

  /** 1 if a refusal has been reported since the count began, else 0. */
  @Column('int')
  reported!: number;

  /** When the last attempt was admitted. */
  @Column('bigint', { name: 'last_at' })
  lastAt!: Instant;

  /** When all is forgotten. Null where a build wrote it that knew one window only, `SIGNIN_WINDOW`. */
  @Column('bigint', { name: 'forget_at', nullable: true })
  forgetAt!: Instant | null;
}

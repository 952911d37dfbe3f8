import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AttemptBudgets } from './attempt-budgets.js';
import { KeyedDigest } from './keyed-digest.js';
import { SharedClock } from './shared-clock.js';
import { AttemptBudget } from './attempt-budget.entity.js';
import { SharedSecret } from './shared-secret.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([AttemptBudget, SharedSecret])],
  providers: [AttemptBudgets, KeyedDigest, SharedClock],
  exports: [AttemptBudgets, KeyedDigest, SharedClock],
})
export class ThrottlingModule {}

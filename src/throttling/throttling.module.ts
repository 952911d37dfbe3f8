import { Module } from '@nestjs/common';
import { AttemptBudgets } from './attempt-budgets.js';
import { AttemptBudgetsRepository } from './attempt-budgets.repository.js';
import { AttemptBudgetsSweep } from './attempt-budgets.sweep.js';
import { KeyedDigest } from './keyed-digest.js';
import { SharedClock } from './shared-clock.js';

@Module({
  providers: [AttemptBudgetsRepository, AttemptBudgets, AttemptBudgetsSweep, KeyedDigest, SharedClock],
  exports: [AttemptBudgets, KeyedDigest],
})
export class ThrottlingModule {}

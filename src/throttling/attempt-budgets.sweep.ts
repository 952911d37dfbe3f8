import { Injectable } from '@nestjs/common';
import { MINUTE } from '../platform/time/clock.js';
import { Upkeep } from '../platform/time/upkeep.js';
import { AttemptBudgets } from './attempt-budgets.js';

/** Keeps the table as small as the attempts of one window. */
@Injectable()
export class AttemptBudgetsSweep {
  constructor(budgets: AttemptBudgets, upkeep: Upkeep) {
    upkeep.every(MINUTE, 'attempt budgets', () => budgets.sweep());
  }
}

import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { MINUTE } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AttemptBudgets } from './attempt-budgets.js';

/** Keeps the table as small as the attempts of one window. */
@Injectable()
export class AttemptBudgetsSweep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly periodic: Periodic;

  constructor(budgets: AttemptBudgets) {
    this.periodic = new Periodic('attempt budgets', MINUTE, () => budgets.sweep());
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.periodic.stop();
  }
}

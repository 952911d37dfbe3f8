import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { budgetsConfig } from '../config/budgets.config.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { AttemptBudgets, tooManyAttempts } from '../throttling/attempt-budgets.js';

/** Counts, by address, refresh tokens and keys that are none or no longer live. A live one is never limited. */
@Injectable()
export class TokenFailures {
  private readonly logger = new Logger(TokenFailures.name);

  constructor(
    private readonly budgets: AttemptBudgets,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
  ) {}

  /** @throws PlatformErrors.tooManyRequests after too many */
  async count(): Promise<void> {
    const key = `renewal:${clientNetwork()}`;
    const refusal = await this.budgets.take({ key, limit: this.config.renewAddressFailures });
    if (refusal === undefined) return;
    if (await this.budgets.isFirstRefusal(refusal))
      this.logger.warn({ key }, 'an address tries refresh tokens or keys that are none');
    throw tooManyAttempts(refusal);
  }
}

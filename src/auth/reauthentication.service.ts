import { Injectable } from '@nestjs/common';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import type { AuthContext } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AttemptBudgets, tooManyAttempts } from '../throttling/attempt-budgets.js';

/** A person shows again, in a session, who they are; the session is then fresh. */
@Injectable()
export class ReauthenticationService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly budgets: AttemptBudgets,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /**
   * Guesses have a budget of their own, together with those of a change of the password: a stolen session cannot try them
   * all, and cannot lock its owner out of signing in.
   *
   * @throws PlatformErrors.overloaded, PlatformErrors.tooManyRequests, CredentialsErrors.wrongCurrentPassword
   */
  async confirm(auth: AuthContext, password: string): Promise<void> {
    const budget = this.budgets.forReauthentication(auth.user.id);
    const target = { targetType: 'session', targetId: auth.session.id } as const;
    const event = { ...doneBy(auth), action: 'session.reauthenticated', ...target } as const;
    if (!(await this.isPassword(auth, budget, password))) {
      await this.audit.record({ ...event, outcome: 'failure', detail: { reason: 'wrong_current_password' } });
      throw CredentialsErrors.wrongCurrentPassword();
    }
    await this.database.transaction(async () => {
      await this.sessions.confirm(auth.session.id);
      await this.budgets.reset(budget);
      await this.audit.record(event);
    });
  }

  private async isPassword(
    auth: AuthContext,
    budget: ReturnType<AttemptBudgets['forReauthentication']>,
    password: string,
  ): Promise<boolean> {
    using place = await this.credentials.reservePlace();
    const refusal = await this.budgets.take(budget);
    if (refusal !== undefined) throw tooManyAttempts(refusal);
    return await this.credentials.verify(place, await this.credentials.findHash(auth.user.id), password);
  }
}

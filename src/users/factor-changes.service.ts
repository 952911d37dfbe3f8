import { Injectable } from '@nestjs/common';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { RecoveryCodes } from '../factors/recovery-codes.service.js';
import { TotpFactors } from '../factors/totp.service.js';
import type { NoticeKind } from '../outbox/outbox.service.js';
import type { Actor } from '../platform/security/auth-context.js';
import { endsOf, SessionsService } from '../sessions/sessions.service.js';
import { Notices } from './notices.service.js';
import type { User } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

/** What is done to the factors of a user. */
export interface FactorChange {
  readonly by: Actor;
  readonly action: 'factor.added' | 'factor.removed' | 'factors.reset' | 'recovery_codes.replaced';
  readonly notice: NoticeKind;
  readonly detail?: AuditEntry['detail'];
  /** Whether the person does it, and not somebody else. */
  readonly byPerson: boolean;
  /** The session that stays. */
  readonly keepSessionId?: string;
}

/**
 * What belongs to every change of somebody's factors: the user says whether there is one, other sessions end, it is
 * recorded, and the person is told.
 */
@Injectable()
export class FactorChanges {
  constructor(
    private readonly repository: UsersRepository,
    private readonly totp: TotpFactors,
    private readonly passkeys: Passkeys,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly sessions: SessionsService,
    private readonly notices: Notices,
    private readonly audit: AuditService,
  ) {}

  /**
   * In the current transaction, with the lock on the user first.
   *
   * @param write changes the factors; what it throws rolls everything back
   * @returns the user as changed; undefined, with nothing written, when the user has changed since `user` was read
   */
  async apply(user: User, change: FactorChange, write: () => Promise<void>): Promise<User | undefined> {
    if (change.byPerson) {
      if (!(await this.repository.lockAs(user))) return undefined;
    } else await this.repository.lock(user.id);
    await write();
    const hasFactor =
      (await this.totp.find(user.id)) !== undefined || (await this.passkeys.count(user.id)) > 0;
    // Codes that stand in for a factor open nothing without one.
    if (!hasFactor) await this.recoveryCodes.removeAll(user.id);
    const changed = await this.repository.recordFactors(user, hasFactor);
    const { by, action, notice, detail, byPerson, keepSessionId } = change;
    const ended = await this.sessions.endAll(user.id, 'factors_changed', by, keepSessionId);
    const target = {
      targetType: 'user',
      targetId: user.id,
      detail: { ...detail, ...endsOf(ended) },
    } as const;
    await this.audit.record({ ...doneBy(by), action, ...target });
    await this.notices.send(user, notice, byPerson ? 'person' : 'other');
    return changed;
  }
}

import { Injectable } from '@nestjs/common';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { CodesErrors } from '../codes/codes.errors.js';
import { Database } from '../database/database.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { RecoveryCodes } from '../factors/recovery-codes.service.js';
import { TotpFactors } from '../factors/totp.service.js';
import type { NoticeKind } from '../outbox/outbox.service.js';
import type { Actor, AuthContext } from '../platform/security/auth-context.js';
import { endsOf, SessionsService } from '../sessions/sessions.service.js';
import { FactorPolicy } from './factor-policy.js';
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

/** What people do to their own, by the kind of the factor. */
export type OwnFactorChange = Pick<FactorChange, 'action' | 'notice'> & {
  readonly factor?: 'totp' | 'passkey';
};

export const ADDED = { action: 'factor.added', notice: 'factor_added' } as const;
export const REMOVED = { action: 'factor.removed', notice: 'factor_removed' } as const;

/** The user after a change, and what the change has answered. */
interface Applied<T> {
  readonly user: User;
  readonly result: T;
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
    private readonly policy: FactorPolicy,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /**
   * A change of a person's own factors, in a transaction of its own. The present session stays.
   *
   * @throws CodesErrors.challengeNotValid when the password or a factor has changed since the call came in;
   *   FactorsErrors.lastFactor when the person must keep one; what `write` throws, which rolls everything back
   */
  async applyOwn<T>(
    auth: AuthContext<User>,
    { factor, ...kind }: OwnFactorChange,
    write: () => Promise<T>,
  ): Promise<T> {
    const detail: AuditEntry['detail'] = factor === undefined ? {} : { factor };
    const change = { ...kind, detail, by: auth, byPerson: true, keepSessionId: auth.session.id };
    return this.database.transaction(async () => {
      const applied = await this.apply(auth.user, change, write);
      if (applied === undefined) throw CodesErrors.challengeNotValid();
      if (this.policy.isUnmetBy(applied.user, auth.roles)) throw FactorsErrors.lastFactor();
      return applied.result;
    });
  }

  /**
   * In the current transaction, with the lock on the user first.
   *
   * @param write changes the factors; what it throws rolls everything back
   * @returns undefined, with nothing written, when the user has changed since `user` was read
   */
  async apply<T>(user: User, change: FactorChange, write: () => Promise<T>): Promise<Applied<T> | undefined> {
    const { by, action, notice, detail, byPerson, keepSessionId } = change;
    if (byPerson) {
      if (!(await this.repository.lockAs(user))) return undefined;
    } else await this.repository.lock(user.id);
    const result = await write();
    const hasFactor =
      (await this.totp.find(user.id)) !== undefined || (await this.passkeys.count(user.id)) > 0;
    // Codes that stand in for a factor open nothing without one.
    if (!hasFactor) await this.recoveryCodes.removeAll(user.id);
    const changed = await this.repository.recordFactors(user, hasFactor);
    const ended = await this.sessions.endAll(user.id, 'factors_changed', by, keepSessionId);
    const target = {
      targetType: 'user',
      targetId: user.id,
      detail: { ...detail, ...endsOf(ended) },
    } as const;
    await this.audit.record({ ...doneBy(by), action, ...target });
    await this.notices.send(user, notice, byPerson ? 'person' : 'other');
    return { user: changed, result };
  }
}

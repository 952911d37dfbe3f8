import { Injectable } from '@nestjs/common';
import { AccessService } from '../access/access.service.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { RecoveryCodes } from '../factors/recovery-codes.service.js';
import { TotpFactors } from '../factors/totp.service.js';
import { OPERATOR, type Actor } from '../platform/security/auth-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { FactorChanges } from './factor-changes.service.js';
import { FactorPolicy } from './factor-policy.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

/** What administrators and operators do with the factors of others. */
@Injectable()
export class FactorAdministration {
  constructor(
    private readonly repository: UsersRepository,
    private readonly access: AccessService,
    private readonly totp: TotpFactors,
    private readonly passkeys: Passkeys,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly changes: FactorChanges,
    private readonly policy: FactorPolicy,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Removes all factors of somebody who has lost them, ends all sessions, and tells the person.
   *
   * @throws UsersErrors.notFound, AccessErrors.exceedsOwn, UsersErrors.notOnYourself, KeysErrors.notForServiceAccount
   */
  async reset(actor: Actor, id: string): Promise<void> {
    await this.access.serialised(async () => {
      const { user } = await this.repository.get(id);
      await this.access.requireNotBelow(actor, id);
      if (actor !== OPERATOR && actor.user.id === id) throw UsersErrors.notOnYourself();
      if (user.kind === 'service') throw KeysErrors.notForServiceAccount();
      const change = {
        by: actor,
        action: 'factors.reset',
        notice: 'factors_reset',
        byPerson: false,
      } as const;
      await this.changes.apply(user, change, async () => {
        await this.totp.remove(id);
        await this.passkeys.removeAll(id);
        await this.recoveryCodes.removeAll(id);
      });
    });
  }

  /** Ends the sessions of everybody who must have a factor and has none; answers how many. For after a change of policy. */
  async revokeWithoutFactor(actor: Actor): Promise<number> {
    let ended = 0;
    if (this.policy.isOff) return ended;
    for (let after = ''; ;) {
      const ids = await this.repository.findWithoutFactor(after, this.policy.roles);
      const last = ids.at(-1);
      if (last === undefined) return ended;
      for (const id of ids) ended += await this.sessions.revokeAll(id, actor);
      after = last;
    }
  }
}

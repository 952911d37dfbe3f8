import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessService, ADMINISTRATOR } from '../access/access.service.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { AuditService, doneBy, type AuditEntry } from '../audit/audit.service.js';
import { CodesService } from '../codes/codes.service.js';
import { serviceConfig } from '../config/service.config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { refuse } from '../platform/errors/platform-errors.js';
import type { PageQuery, Slice } from '../platform/http/list-query.js';
import type { Language } from '../platform/i18n/translator.js';
import { OPERATOR, type Actor, type AuthContext } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import type { Session } from '../sessions/session.entity.js';
import { endsOf, SessionsService } from '../sessions/sessions.service.js';
import { FactorPolicy } from './factor-policy.js';
import { Notices } from './notices.service.js';
import { fieldsOf, newIn, readChanges, type ProfileInput } from './profile.js';
import type { User } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository, type UserWithRoles } from './users.repository.js';

/** What administrators change of a user, as typed. */
export interface UserInput extends Partial<Omit<ProfileInput, 'username'>> {
  /** Empty: none. */
  readonly language?: Language | '' | undefined;
  readonly emailVerified?: boolean | undefined;
}

/** What a change has made of a user, and what the record says about it. */
type Changed = Partial<UserWithRoles> & Pick<AuditEntry, 'detail'>;

/** What administrators change about a user. The routes in `UsersController` name the failures of each change. */
@Injectable()
export class UserAdministrationService {
  constructor(
    private readonly repository: UsersRepository,
    private readonly access: AccessService,
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly codes: CodesService,
    private readonly notices: Notices,
    private readonly policy: FactorPolicy,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(serviceConfig.KEY) private readonly config: ConfigType<typeof serviceConfig>,
  ) {}

  /**
   * Changes what is given and new. Nobody changes their own e-mail address or phone number here, because they sign in
   * with them. A new address is unproved, unless it is said to be proved; the old one is told.
   */
  async update(
    actor: Actor,
    id: string,
    { language, emailVerified, ...input }: UserInput,
  ): Promise<UserWithRoles> {
    const profile = readChanges(input, this.config.defaultPhoneRegion);
    const write = async ({ user }: UserWithRoles) => {
      if (input.email !== undefined || input.phone !== undefined || emailVerified !== undefined) {
        requireSomebodyElse(actor, user);
        requirePerson(user);
      }
      const wanted = { ...profile, ...(language !== undefined && { language: language || null }) };
      const changes = { ...newIn(wanted, user), ...this.proof(user, profile.email, emailVerified) };
      const fields = fieldsOf(changes);
      if (fields.length === 0) return undefined;
      const changed = await this.repository.update(user, changes);
      if (changed.email !== user.email) {
        await this.codes.forgetAll(id);
        await this.notices.send(user, 'email_changed', 'other');
      }
      return { user: changed, detail: { fields } };
    };
    const work = async () => {
      // Two changes of one user take turns, so that the second compares with what the first has left.
      await this.repository.lock(id);
      return this.perform(actor, id, 'user.updated', write);
    };
    return this.access.undisturbed(work).catch(async (error: unknown) => {
      throw await this.repository.takenBy(error, profile, id);
    });
  }

  /** What becomes of the proof of a user's address. @throws PlatformErrors.invalidRequest without an address */
  private proof(user: User, email = user.email, verified?: boolean): Partial<Pick<User, 'emailVerifiedAt'>> {
    if (verified === true && email === null) refuse([{ field: 'email', rule: 'required' }]);
    const isProved = verified ?? (email === user.email && user.emailVerifiedAt !== null);
    if (isProved === (user.emailVerifiedAt !== null)) return {};
    return { emailVerifiedAt: isProved ? this.clock.now() : null };
  }

  /**
   * Makes these the roles of a user; duplicates count once. The actor must hold the permissions of each role that is
   * added or removed, but not those of the user's other roles.
   */
  async setRoles(actor: Actor, id: string, roles: readonly string[]): Promise<UserWithRoles> {
    const write = async (found: UserWithRoles) => {
      const change = await this.access.planRoles(actor, found.roles, roles);
      if (change.added.length + change.removed.length === 0) return undefined;
      if (change.added.includes(ADMINISTRATOR)) requirePerson(found.user);
      if (change.removed.includes(ADMINISTRATOR)) await this.requireAnotherAdministrator(found);
      await this.access.changeRoles(found.user, change);
      const user = await this.repository.update(found.user, {});
      const ended = await this.endWithoutFactor(actor, user, change.added);
      return { user, roles: [...new Set(roles)].sort(), detail: { fields: ['roles'], ...change, ...ended } };
    };
    return this.change(actor, id, 'user.roles_changed', write, () => this.repository.get(id));
  }

  /** Refuses further sign-ins and ends all sessions; changes nothing about a user who is disabled already. */
  async disable(actor: Actor, id: string): Promise<UserWithRoles> {
    return this.change(actor, id, 'user.disabled', async (found) => {
      if (found.user.status === 'disabled') return undefined;
      await this.requireRemovable(actor, found);
      const user = await this.repository.update(found.user, { status: 'disabled' });
      await this.codes.forgetAll(id);
      return { user, detail: endsOf(await this.sessions.endAll(id, 'user_disabled', actor)) };
    });
  }

  async enable(actor: Actor, id: string): Promise<UserWithRoles> {
    return this.change(actor, id, 'user.enabled', async ({ user }) =>
      user.status === 'active'
        ? undefined
        : { user: await this.repository.update(user, { status: 'active' }) },
    );
  }

  /** Removes a user and everything of theirs but the audit events. */
  async delete(actor: Actor, id: string): Promise<void> {
    const check = async () => {
      const found = await this.check(actor, id);
      await this.requireRemovable(actor, found);
      return found;
    };
    await this.remove(actor, id, check);
  }

  /** Removes the account of whoever asks, and tells the address. @throws UsersErrors.lastAdministrator */
  async deleteOwn(actor: AuthContext): Promise<void> {
    const { id } = actor.user;
    const check = async () => {
      const found = await this.repository.get(id);
      await this.requireAnotherAdministrator(found);
      return found;
    };
    await this.remove(actor, id, check, (user) => this.notices.send(user, 'account_deleted', 'person'));
  }

  private async remove(
    actor: Actor,
    id: string,
    check: () => Promise<UserWithRoles>,
    tell: (user: User) => Promise<void> = async () => undefined,
  ): Promise<void> {
    await check();
    // History first, outside: a busy account has more of it than one transaction can remove in time.
    await this.sessions.forgetEnded(id);
    const write = async ({ user }: UserWithRoles) => {
      // The row before its sessions, as a sign-in locks them: two in the other order would wait for each other.
      await this.repository.update(user, { status: 'disabled' });
      const ended = await this.sessions.endAll(id, 'user_deleted', actor);
      await this.repository.delete(id);
      await tell(user);
      return { detail: endsOf(ended) };
    };
    await this.change(actor, id, 'user.deleted', write, check);
  }

  /** Sets the password of somebody else and ends all their sessions. A refusal names `field`. */
  async setPassword(
    actor: Actor,
    id: string,
    password: string,
    { field, mustChange = false }: { readonly field: string; readonly mustChange?: boolean | undefined },
  ): Promise<void> {
    const { user } = await this.check(actor, id);
    requireSomebodyElse(actor, user);
    requirePerson(user);
    this.credentials.checkPolicy(password, user, field, UsersErrors.passwordRefused);
    // Outside the transaction: a hash takes longer than anything in it.
    const hash = await this.credentials.hash(password);
    await this.change(actor, id, 'password.reset', async (found) => {
      await this.repository.recordPasswordChange(id, { mustChangePassword: mustChange ? 1 : 0 });
      await this.credentials.replace(id, hash);
      const ended = await this.sessions.endAll(id, 'password_changed', actor);
      await this.notices.send(found.user, 'password_reset', 'other');
      return { detail: endsOf(ended) };
    });
  }

  async listSessions(id: string, query: PageQuery): Promise<Slice<Session>> {
    await this.repository.get(id);
    return this.sessions.list(id, query);
  }

  async endSession(actor: AuthContext, id: string, sessionId: string): Promise<void> {
    await this.access.serialised(async () => {
      await this.check(actor, id);
      await this.sessions.revoke(sessionId, id, actor);
    });
  }

  /** Ends all, and answers how many. */
  async endSessions(actor: AuthContext, id: string): Promise<number> {
    return this.access.serialised(async () => {
      await this.check(actor, id);
      return this.sessions.revokeAll(id, actor);
    });
  }

  /** Whoever gets a role that demands a second factor, and has none, signs in anew. */
  private async endWithoutFactor(actor: Actor, user: User, added: readonly string[]) {
    return this.policy.isUnmetBy(user, added) && added.length > 0
      ? endsOf(await this.sessions.endAll(user.id, 'factor_required', actor))
      : {};
  }

  /** Waits for its turn, and performs the change. */
  private async change(...change: Parameters<UserAdministrationService['perform']>): Promise<UserWithRoles> {
    return this.access.serialised(() => this.perform(...change));
  }

  /** Finds the user, lets `write` compare and write, and records what that answers, if anything. */
  private async perform(
    actor: Actor,
    id: string,
    action: AuditEntry['action'],
    write: (found: UserWithRoles) => Promise<Changed | undefined>,
    find: () => Promise<UserWithRoles> = () => this.check(actor, id),
  ): Promise<UserWithRoles> {
    const found = await find();
    const written = await write(found);
    if (written === undefined) return found;
    const { detail = {}, ...changed } = written;
    await this.audit.record({ ...doneBy(actor), action, targetType: 'user', targetId: id, detail });
    return { ...found, ...changed };
  }

  /** The user, if the actor holds every permission that the user holds. Inside `AccessService.serialised` it stays so. */
  private async check(actor: Actor, id: string): Promise<UserWithRoles> {
    const found = await this.repository.get(id);
    await this.access.requireNotBelow(actor, id);
    return found;
  }

  /** Before a user is disabled or deleted. */
  private async requireRemovable(actor: Actor, found: UserWithRoles): Promise<void> {
    await this.requireAnotherAdministrator(found);
    requireSomebodyElse(actor, found.user);
  }

  /** Before an active administrator is disabled, deleted or loses the role. */
  private async requireAnotherAdministrator({ user, roles }: UserWithRoles): Promise<void> {
    if (user.status !== 'active' || !roles.includes(ADMINISTRATOR)) return;
    const hasOther = await this.repository.existsOtherActiveHolder(ADMINISTRATOR, user.id);
    if (!hasOther) throw UsersErrors.lastAdministrator();
  }
}

function requireSomebodyElse(actor: Actor, user: User): void {
  if (actor !== OPERATOR && actor.user.id === user.id) throw UsersErrors.notOnYourself();
}

/** What a service account never has. @throws KeysErrors.notForServiceAccount */
function requirePerson({ kind }: User): void {
  if (kind === 'service') throw KeysErrors.notForServiceAccount();
}

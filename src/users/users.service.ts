import { Inject, Injectable, UnauthorizedException } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessPermissions } from '../access/access.permissions.js';
import { AccessService, ADMINISTRATOR } from '../access/access.service.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { serviceConfig } from '../config/service.config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { refuse } from '../platform/errors/platform-errors.js';
import type { Language } from '../platform/i18n/translator.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import type { Identifier } from './identifiers.js';
import { InvitationsService } from './invitations.service.js';
import { fieldsOf, newIn, readProfile, type Profile, type ProfileInput } from './profile.js';
import type { User, UserKind } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository, type UserWithRoles } from './users.repository.js';

export interface NewUser extends ProfileInput {
  /** By default a person. */
  readonly kind?: UserKind | undefined;
  /** A service account has none, nor has who is invited. */
  readonly password?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Mails a link to set the first password; needs an e-mail address and no password. */
  readonly invite?: boolean | undefined;
  readonly mustChangePassword?: boolean | undefined;
  readonly emailVerified?: boolean | undefined;
  /** Empty: none. */
  readonly language?: Language | '' | undefined;
}

/** Somebody who makes an account, with a proved address. */
export interface SignUp {
  readonly profile: Profile;
  readonly hash: string;
  /** The key of the role that they get. */
  readonly role: string | undefined;
}

/** What becomes of the code of a sign-up, in its transaction. */
export interface CodeOfSignUp {
  readonly spend: () => Promise<void>;
  readonly settle: () => Promise<void>;
}

export type { UserWithRoles };

/** Users: who they are, made and found. */
@Injectable()
export class UsersService {
  constructor(
    private readonly repository: UsersRepository,
    private readonly credentials: CredentialsService,
    private readonly access: AccessService,
    private readonly invitations: InvitationsService,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(serviceConfig.KEY) private readonly config: ConfigType<typeof serviceConfig>,
  ) {}

  /**
   * Creates an active user.
   *
   * @throws AccessErrors.notPermitted when roles are given without the permission to assign them;
   *   PlatformErrors.invalidRequest for a field that is not valid or a role that does not exist; AccessErrors.exceedsOwn;
   *   KeysErrors.notForServiceAccount; CodesErrors.mailNotSetUp for an invitation; UsersErrors.passwordRefused;
   *   PlatformErrors.overloaded when the hash queue is full; UsersErrors.usernameTaken, emailTaken, phoneTaken
   */
  async create(actor: Actor, input: NewUser): Promise<UserWithRoles> {
    const roles = [...new Set(input.roles)].sort();
    if (roles.length > 0) await this.access.require(actor, AccessPermissions.assignRoles);
    const { kind = 'person', password, invite = false } = input;
    if (kind === 'service') refuseWhatPeopleHave(input);
    else refuseWithoutAddress(input);
    const profile = readProfile(input, this.config.defaultPhoneRegion);
    await this.access.planRoles(actor, [], roles);
    if (kind === 'service' && roles.includes(ADMINISTRATOR)) throw KeysErrors.notForServiceAccount();
    if (invite) this.invitations.requireMail();
    const hash = password === undefined ? undefined : await this.newHash(password, profile);
    const write = async () => {
      // Again, because what the actor holds may have changed during the hash.
      const change = await this.access.planRoles(actor, [], roles);
      const user = await this.repository.insert(profile, {
        kind,
        credentialVersion: hash === undefined ? 0 : 1,
        emailVerifiedAt: input.emailVerified === true ? this.clock.now() : null,
        language: input.language || null,
        mustChangePassword: hash !== undefined && input.mustChangePassword === true ? 1 : 0,
      });
      const target = { targetType: 'user', targetId: user.id } as const;
      if (hash !== undefined) await this.credentials.store(user.id, hash);
      await this.access.changeRoles(user, change);
      await this.audit.record({ ...doneBy(actor), action: 'user.created', ...target, detail: { roles } });
      if (invite) await this.invitations.issue(actor, user);
      return { user, roles };
    };
    const written = roles.length > 0 ? this.access.serialised(write) : this.database.transaction(write);
    return written.catch(async (error: unknown) => {
      throw await this.repository.takenBy(error, profile);
    });
  }

  /**
   * In a transaction of its own: an active user, who signs in afterwards.
   *
   * @param code `spend` takes the code that proved the address, after the user's row; `settle` comes last
   * @throws UsersErrors.usernameTaken, emailTaken; whatever `spend` throws
   */
  async signUp({ profile, hash, role }: SignUp, code: CodeOfSignUp): Promise<UserWithRoles> {
    const now = this.clock.now();
    const proved = { emailVerifiedAt: now, language: null, mustChangePassword: 0 };
    const write = async () => {
      const user = await this.repository.insert(profile, { kind: 'person', credentialVersion: 1, ...proved });
      await code.spend();
      await this.credentials.store(user.id, hash);
      const roles = role === undefined ? [] : [role];
      await this.access.changeRoles(user, { added: roles, removed: [] });
      const target = { targetType: 'user', targetId: user.id } as const;
      const by = { actorId: user.id, actorName: user.username };
      await this.audit.record({ ...by, action: 'user.signed_up', ...target, detail: { roles } });
      await code.settle();
      return { user, roles };
    };
    return this.access.undisturbed(write).catch(async (error: unknown) => {
      throw await this.repository.takenBy(error, profile);
    });
  }

  private async newHash(password: string, profile: Profile): Promise<string> {
    this.credentials.checkPolicy(password, profile, 'password', UsersErrors.passwordRefused);
    return this.credentials.hash(password);
  }

  /** @throws UsersErrors.notFound */
  async get(id: string): Promise<UserWithRoles> {
    return this.repository.get(id);
  }

  /** Whoever asks, read again. @throws UnauthorizedException, which is `AuthErrors.notSignedIn`, when deleted meanwhile */
  async getOwn(id: string): Promise<UserWithRoles> {
    return this.repository.get(id).catch((error: unknown) => {
      throw UsersErrors.notFound.describes(error) ? new UnauthorizedException() : error;
    });
  }

  async findByIdentifier(identifier: Identifier): Promise<User | undefined> {
    return this.repository.findByIdentifier(identifier);
  }

  async existsAny(): Promise<boolean> {
    return this.repository.existsAny();
  }

  /** In the current transaction: see `UsersRepository.recordSignIn`. */
  async recordSignIn(user: User): Promise<boolean> {
    return this.repository.recordSignIn(user);
  }

  /** In the current transaction: see `UsersRepository.lockAs`. */
  async lockAs(user: User): Promise<boolean> {
    return this.repository.lockAs(user);
  }

  /** What people change about themselves, in the current transaction; answers the changed fields. */
  async changeOwn(id: string, wanted: Partial<Pick<User, 'fullName' | 'language'>>): Promise<string[]> {
    await this.repository.lock(id);
    const { user } = await this.getOwn(id);
    const changes = newIn(wanted, user);
    const fields = fieldsOf(changes);
    if (fields.length > 0) await this.repository.update(user, changes);
    return fields;
  }

  /**
   * In the current transaction: a password that the person chose, in place of the one that was verified.
   *
   * @param proved the address to which the permission was mailed; it must still be the user's
   * @returns the user as changed; undefined when the user or the password has changed meanwhile
   */
  async replacePassword(user: User, hash: string, proved?: string): Promise<User | undefined> {
    const { id, credentialVersion } = user;
    const changes = {
      mustChangePassword: 0,
      ...(proved !== undefined && { emailVerifiedAt: this.clock.now() }),
    };
    const still = {
      credentialVersion,
      status: 'active',
      ...(proved !== undefined && { email: proved }),
    } as const;
    if (!(await this.repository.recordPasswordChange(id, changes, still))) return undefined;
    await this.credentials.replace(id, hash);
    return {
      ...user,
      ...changes,
      credentialVersion: credentialVersion + 1,
      passwordChangeAt: this.clock.now(),
    };
  }

  /**
   * In the current transaction: an address that the person has proved.
   *
   * @returns whether the user is still as when it was permitted
   * @throws DuplicateKeyError: see `emailTakenBy`
   */
  async replaceEmail(user: User, email: string): Promise<boolean> {
    return this.repository.recordEmail(user, email);
  }

  /** After a transaction in which `replaceEmail` was part: the error as people are told it. */
  async emailTakenBy(error: unknown, { id }: User, email: string): Promise<unknown> {
    return this.repository.takenBy(error, { email }, id);
  }
}

/** A program signs in nowhere and is written to by nobody. @throws PlatformErrors.invalidRequest */
function refuseWhatPeopleHave(input: NewUser): void {
  const names = [
    ['password', input.password],
    ['email', input.email],
    ['phone', input.phone],
    ['invite', input.invite || undefined],
    ['must_change_password', input.mustChangePassword || undefined],
    ['email_verified', input.emailVerified || undefined],
  ] as const;
  const given = names.flatMap(([field, value]) => (value === undefined ? [] : [field]));
  refuse(given.map((field) => ({ field, rule: 'not_for_service_account' })));
}

/** @throws PlatformErrors.invalidRequest */
function refuseWithoutAddress({
  invite,
  emailVerified,
  email = '',
  password,
  mustChangePassword,
}: NewUser): void {
  const needsAddress = (invite === true || emailVerified === true) && email.trim() === '';
  const chosenByPerson = [
    ...(password === undefined ? [] : ['password']),
    ...(mustChangePassword === true ? ['must_change_password'] : []),
  ];
  refuse([
    ...(needsAddress ? [{ field: 'email', rule: 'required' }] : []),
    ...(invite === true ? chosenByPerson.map((field) => ({ field, rule: 'not_with_invite' })) : []),
  ]);
}

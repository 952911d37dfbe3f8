import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessPermissions } from '../access/access.permissions.js';
import { AccessService, ADMINISTRATOR } from '../access/access.service.js';
import { KeysErrors } from '../api-keys/keys.errors.js';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { serviceConfig } from '../config/service.config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { refuse } from '../platform/errors/platform-errors.js';
import type { Actor } from '../platform/security/auth-context.js';
import { parseIdentifier, type Identifier } from './identifiers.js';
import { readProfile, type Profile, type ProfileInput } from './profile.js';
import type { User, UserKind } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository, type UserWithRoles } from './users.repository.js';

export interface NewUser extends ProfileInput {
  /** By default a person. */
  readonly kind?: UserKind | undefined;
  /** A person has one, a service account has none. */
  readonly password?: string | undefined;
  readonly roles?: readonly string[] | undefined;
}

export type { UserWithRoles };

/** Users: who they are, made and found. */
@Injectable()
export class UsersService {
  constructor(
    private readonly repository: UsersRepository,
    private readonly credentials: CredentialsService,
    private readonly access: AccessService,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(serviceConfig.KEY) private readonly config: ConfigType<typeof serviceConfig>,
  ) {}

  /**
   * Creates an active user.
   *
   * @throws AccessErrors.notPermitted when roles are given without the permission to assign them;
   *   PlatformErrors.invalidRequest for a field that is not valid or a role that does not exist; AccessErrors.exceedsOwn;
   *   KeysErrors.notForServiceAccount; UsersErrors.passwordRefused; PlatformErrors.overloaded when the hash queue is full; UsersErrors.usernameTaken,
   *   emailTaken, phoneTaken
   */
  async create(actor: Actor, input: NewUser): Promise<UserWithRoles> {
    const roles = [...new Set(input.roles)].sort();
    if (roles.length > 0) await this.access.require(actor, AccessPermissions.assignRoles);
    const { kind = 'person', password } = input;
    if (kind === 'service') refuseWhatPeopleHave(input);
    const profile = readProfile(input, this.config.defaultPhoneRegion);
    await this.access.planRoles(actor, [], roles);
    if (kind === 'service' && roles.includes(ADMINISTRATOR)) throw KeysErrors.notForServiceAccount();
    const hash = password === undefined ? undefined : await this.newHash(password, profile);
    const write = async () => {
      // Again, because what the actor holds may have changed during the hash.
      const change = await this.access.planRoles(actor, [], roles);
      const user = await this.repository.insert(profile, {
        kind,
        credentialVersion: hash === undefined ? 0 : 1,
        emailVerifiedAt: null,
        language: null,
        mustChangePassword: 0,
      });
      const target = { targetType: 'user', targetId: user.id } as const;
      if (hash !== undefined) await this.credentials.store(user.id, hash);
      await this.access.changeRoles(user, change);
      await this.audit.record({ ...doneBy(actor), action: 'user.created', ...target, detail: { roles } });
      return { user, roles };
    };
    const written = roles.length > 0 ? this.access.serialised(write) : this.database.transaction(write);
    return written.catch(async (error: unknown) => {
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

  /** What a person typed, as the one identifier that it can mean, if it is one. */
  identify(typed: string): Identifier | undefined {
    return parseIdentifier(typed, this.config.defaultPhoneRegion);
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

  /** In the current transaction; answers whether it was another name before. */
  async rename(id: string, fullName: string): Promise<boolean> {
    return this.repository.rename(id, fullName);
  }

  /** In the current transaction; answers whether the password that the hash replaces is still the verified one. */
  async replacePassword({ id, credentialVersion }: User, hash: string): Promise<boolean> {
    if (!(await this.repository.recordPasswordChange(id, credentialVersion))) return false;
    await this.credentials.replace(id, hash);
    return true;
  }
}

/** A program signs in nowhere and is written to by nobody. @throws PlatformErrors.invalidRequest */
function refuseWhatPeopleHave(input: NewUser): void {
  const given = (['password', 'email', 'phone'] as const).filter((field) => input[field] !== undefined);
  refuse(given.map((field) => ({ field, rule: 'not_for_service_account' })));
}

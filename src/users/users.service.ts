import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessPermissions } from '../access/access.permissions.js';
import { AccessService } from '../access/access.service.js';
import { AuditService, doneBy } from '../audit/audit.service.js';
import { serviceConfig } from '../config/service.config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { newId } from '../platform/crypto/random.js';
import type { Actor } from '../platform/security/auth-context.js';
import { Clock } from '../platform/time/clock.js';
import type { Identifier } from './identifiers.js';
import { readProfile, type ProfileInput } from './profile.js';
import type { User } from './user.entity.js';
import { takenBy } from './taken.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository, type UserWithRoles } from './users.repository.js';

export interface NewUser extends ProfileInput {
  readonly password: string;
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
    @Inject(serviceConfig.KEY) private readonly service: ConfigType<typeof serviceConfig>,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates an active user.
   *
   * @throws AppError 11004 when roles are given without the permission to assign them, 10001 for a field that is not
   *   valid or a role that does not exist, 13005 when a role exceeds what the actor holds, 12005 when the password is
   *   refused, 10009 when the hash queue is full, 12002–12004 when an identifier is taken
   */
  async create(actor: Actor, input: NewUser): Promise<UserWithRoles> {
    const roles = [...new Set(input.roles)].sort();
    if (roles.length > 0) await this.access.require(actor, AccessPermissions.assignRoles);
    const profile = readProfile(input, this.service.defaultPhoneRegion);
    const id = newId();
    await this.access.planRoles(actor, id, roles);
    this.credentials.checkPolicy(input.password, profile, 'password', UsersErrors.passwordRefused);
    const hash = await this.credentials.hash(input.password);
    const now = this.clock.now();
    const user: User = {
      ...profile,
      id,
      status: 'active',
      credentialVersion: 1,
      passwordChangeAt: now,
      createdAt: now,
      updatedAt: now,
      lastSignInAt: null,
    };
    await this.database
      .transaction(async () => {
        if (roles.length > 0) await this.access.serialise();
        // Again, because what the actor holds may have changed during the hash.
        const change = await this.access.planRoles(actor, id, roles);
        await this.repository.insert(user);
        await this.credentials.store(id, hash);
        await this.access.changeRoles(user, change);
        await this.audit.record({
          ...doneBy(actor),
          action: 'user.created',
          targetType: 'user',
          targetId: id,
          detail: { roles },
        });
      })
      .catch(async (error: unknown) => {
        throw await takenBy(error, this.repository, user);
      });
    return { user, roles };
  }

  /** @throws AppError 12001 */
  async get(id: string): Promise<UserWithRoles> {
    const found = await this.repository.findWithRoles(id);
    if (found === undefined) throw UsersErrors.notFound();
    return found;
  }

  async withRoles(user: User): Promise<UserWithRoles> {
    return { user, roles: await this.access.rolesOf(user.id) };
  }

  async findByIdentifier(identifier: Identifier): Promise<User | undefined> {
    return this.repository.findByIdentifier(identifier);
  }

  async existsAny(): Promise<boolean> {
    return this.repository.existsAny();
  }

  /** In the current transaction: see `UsersRepository.recordSignIn`. */
  async recordSignIn(user: User): Promise<boolean> {
    return this.repository.recordSignIn(user.id, user.credentialVersion, this.clock.now());
  }
}

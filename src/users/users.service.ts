import { Injectable } from '@nestjs/common';
import { AccessService } from '../access/access.service.js';
import { Config } from '../config/config.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../database/database.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { newId } from '../platform/crypto/random.js';
import type { Violation } from '../platform/errors/app-error.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { Clock } from '../platform/time/clock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { parseFullName } from './full-name.js';
import { parseIdentifierOf, type Identifier, type IdentifierKind } from './identifiers.js';
import { searchForm } from './search-form.js';
import type { User } from './user.entity.js';
import { UsersErrors } from './users.errors.js';
import { UsersRepository } from './users.repository.js';

export interface NewUser {
  readonly username: string;
  readonly fullName: string;
  readonly password: string;
  /** `''`: none. */
  readonly email?: string;
  readonly phone?: string;
  readonly roles?: readonly string[];
}

/** A user together with the keys of the roles that it holds. */
export interface UserWithRoles {
  readonly user: User;
  readonly roles: readonly string[];
}

const TAKEN: Readonly<Record<string, () => Error>> = {
  users_username: UsersErrors.usernameTaken,
  users_email: UsersErrors.emailTaken,
  users_phone: UsersErrors.phoneTaken,
};

/** The life of a user's account. */
@Injectable()
export class UsersService {
  constructor(
    private readonly repository: UsersRepository,
    private readonly credentials: CredentialsService,
    private readonly access: AccessService,
    private readonly sessions: SessionsService,
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates an active user.
   *
   * @throws AppError 10001 for a field that is not valid or a role that does not exist, 12002–12004 when an
   *   identifier is taken, 12005 when the password is refused, 10009 when the hash queue is full
   */
  async create(input: NewUser): Promise<UserWithRoles> {
    const profile = this.canonicalProfile(input);
    this.credentials.checkPolicy(input.password, profile, 'password', UsersErrors.passwordRefused);
    const hash = await this.credentials.hash(input.password);
    const now = this.clock.now();
    const user: User = {
      ...profile,
      id: newId(),
      status: 'active',
      credentialVersion: 1,
      passwordChangeAt: now,
      createdAt: now,
      updatedAt: now,
      lastSignInAt: null,
    };
    await this.database
      .transaction(async () => {
        await this.repository.insert(user);
        await this.credentials.store(user.id, hash);
        for (const role of new Set(input.roles)) {
          if (!(await this.access.grant(user, role))) {
            throw PlatformErrors.invalidRequest({ violations: [{ field: 'roles', rule: 'role' }] });
          }
        }
      })
      .catch((error: unknown) => {
        throw takenBy(error);
      });
    return { user, roles: [...new Set(input.roles)].sort() };
  }

  /** @throws AppError 12001 */
  async get(id: string): Promise<UserWithRoles> {
    const user = await this.repository.findById(id);
    if (user === undefined) throw UsersErrors.notFound();
    return { user, roles: await this.access.rolesOf(id) };
  }

  async findByIdentifier(identifier: Identifier): Promise<User | undefined> {
    return this.repository.findByIdentifier(identifier);
  }

  async existsAny(): Promise<boolean> {
    return this.repository.existsAny();
  }

  /** In the current transaction: see `UsersRepository.recordSignIn`. */
  async recordSignIn(user: User, now: number): Promise<boolean> {
    return this.repository.recordSignIn(user.id, user.credentialVersion, now);
  }

  /**
   * Sets a user's password on behalf of somebody else and ends all sessions of the user.
   *
   * @throws AppError 12001, 12005, 10009
   */
  async resetPassword(user: User, password: string, field: string): Promise<void> {
    this.credentials.checkPolicy(password, user, field, UsersErrors.passwordRefused);
    const hash = await this.credentials.hash(password);
    await this.database.transaction(async () => {
      if (!(await this.repository.recordPasswordChange(user.id, this.clock.now())))
        throw UsersErrors.notFound();
      await this.credentials.replace(user.id, hash);
      await this.sessions.endAll(user.id, 'password_changed');
    });
  }

  private canonicalProfile(
    input: NewUser,
  ): Pick<User, 'username' | 'fullName' | 'searchName' | 'email' | 'phone'> {
    const violations: Violation[] = [];
    const canonical = (kind: IdentifierKind, text: string): string => {
      const value = parseIdentifierOf(kind, text, this.config.defaultPhoneRegion);
      if (value === undefined) violations.push({ field: kind, rule: kind });
      return value ?? '';
    };
    const fullName = parseFullName(input.fullName);
    if (fullName.refusal) violations.push({ field: 'full_name', ...fullName.refusal });
    const profile = {
      username: canonical('username', input.username),
      fullName: fullName.value ?? '',
      searchName: searchForm(fullName.value ?? ''),
      email: input.email ? canonical('email', input.email) : null,
      phone: input.phone ? canonical('phone', input.phone) : null,
    };
    if (violations.length > 0) throw PlatformErrors.invalidRequest({ violations });
    return profile;
  }
}

function takenBy(error: unknown): unknown {
  return error instanceof DuplicateKeyError ? (TAKEN[error.key]?.() ?? error) : error;
}

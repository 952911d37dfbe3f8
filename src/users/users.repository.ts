import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Not, type FindOptionsWhere, type Repository } from 'typeorm';
import { HOLDERS_OF_ROLE, HOLDERS_OF_ROLES, readRoleKeys, roleKeysOf } from '../access/access.repository.js';
import { Database } from '../database/database.js';
import { DuplicateKeyError } from '../database/driver-errors.js';
import { columnList } from '../database/entity-statements.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { Clock } from '../platform/time/clock.js';
import { IDENTIFIER_KINDS, type Identifier, type IdentifierKind } from './identifiers.js';
import type { Profile, ProfileChanges } from './profile.js';
import { UserSearchTermsRepository } from './user-search-terms.repository.js';
import { shortIdOf, User } from './user.entity.js';
import { TAKEN, UsersErrors } from './users.errors.js';

/** A user together with the keys of the roles that it holds, sorted. */
export interface UserWithRoles {
  readonly user: User;
  readonly roles: readonly string[];
}

export type RowWithRoles = User & { readonly roleKeys: string | null };

/** How many users are looked at together. */
const BATCH = 500;

/** What others than the person change. */
export type UserChanges = ProfileChanges & Partial<Pick<User, 'status' | 'language' | 'emailVerifiedAt'>>;

/** What a user begins with, beside the profile. */
export type UserBeginning = Pick<
  User,
  'kind' | 'credentialVersion' | 'emailVerifiedAt' | 'language' | 'mustChangePassword'
>;

/** The columns of `RowWithRoles`, where `u` is the user's row. */
export const WITH_ROLES = `${columnList(User, 'u')}, ${roleKeysOf('u.id')} AS "roleKeys"`;

/** Users in the database. */
@Injectable()
export class UsersRepository {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly database: Database,
    private readonly searchTerms: UserSearchTermsRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * A new active user, in the current transaction.
   *
   * @param beginning `credentialVersion` 0: there is no password yet
   * @throws DuplicateKeyError for an identifier that is taken
   */
  async insert(profile: Profile, beginning: UserBeginning): Promise<User> {
    const now = this.clock.now();
    const id = newId();
    const user: User = {
      ...profile,
      id,
      shortId: shortIdOf(id),
      status: 'active',
      ...beginning,
      secondFactorAt: null,
      passwordChangeAt: now,
      createdAt: now,
      updatedAt: now,
      lastSignInAt: null,
    };
    await this.users.insert(user);
    await this.searchTerms.insert([user]);
    return user;
  }

  /** @throws UsersErrors.notFound */
  async get(id: string): Promise<UserWithRoles> {
    // MySQL ignores blanks after an id and would find it.
    const rows = isUuid(id)
      ? await this.database.query<RowWithRoles[]>(`SELECT ${WITH_ROLES} FROM users u WHERE u.id = ?`, [id])
      : [];
    if (rows[0] === undefined) throw UsersErrors.notFound();
    return withRoles(rows[0]);
  }

  /** Locks the row of a user, if there is one, until the transaction ends. */
  async lock(id: string): Promise<void> {
    await this.users.update({ id }, { id: () => 'id' });
  }

  /** Locks the row of an active user until the transaction ends; answers whether there is one. */
  async lockActive(id: string): Promise<boolean> {
    const { affected } = await this.users.update({ id, status: 'active' }, { id: () => 'id' });
    return affected === 1;
  }

  /** Each kind of identifier is looked up in its own column only. */
  async findByIdentifier({ kind, value }: Identifier): Promise<User | undefined> {
    const where: FindOptionsWhere<User> = { [kind]: value };
    return (await this.users.findOneBy(where)) ?? undefined;
  }

  async existsAny(): Promise<boolean> {
    return this.users.exists();
  }

  /** Whether an active user other than this one holds a role. */
  async existsOtherActiveHolder(roleKey: string, exceptId: string): Promise<boolean> {
    const others = this.users.createQueryBuilder('other').where({ id: Not(exceptId), status: 'active' });
    return others.andWhere(`other.id IN ${HOLDERS_OF_ROLE}`, { roleKey }).getExists();
  }

  /**
   * Notes a sign-in, unless the user is no longer active, or what a sign-in asks for has changed since the user was read.
   * It also locks the row until the transaction ends, so the sign-ins of one user take turns.
   */
  async recordSignIn(user: User): Promise<boolean> {
    const { affected } = await this.users.update(asRead(user), { lastSignInAt: this.clock.now() });
    return affected === 1;
  }

  /**
   * People without a second factor, in the order of their ids.
   *
   * @param roleKeys only holders of these; with none everybody
   */
  async findWithoutFactor(after: string, roleKeys: readonly string[]): Promise<string[]> {
    const found = this.users.createQueryBuilder('u').select('u.id', 'id').orderBy('u.id').limit(BATCH);
    found.where({ id: MoreThan(after), kind: 'person', secondFactorAt: IsNull() });
    if (roleKeys.length > 0) found.andWhere(`u.id IN ${HOLDERS_OF_ROLES}`, { roleKeys });
    return (await found.getRawMany<{ id: string }>()).map(({ id }) => id);
  }

  /** Locks the row of a user until the transaction ends, if a sign-in is still asked for what it was when it was read. */
  async lockAs(user: User): Promise<boolean> {
    const { affected } = await this.users.update(asRead(user), { id: () => 'id' });
    return affected === 1;
  }

  /** Notes whether a user has a second factor; since when, where there was one already. */
  async recordFactors(user: User, hasFactor: boolean): Promise<User> {
    const updatedAt = this.clock.now();
    const secondFactorAt = hasFactor ? (user.secondFactorAt ?? updatedAt) : null;
    await this.users.update({ id: user.id }, { secondFactorAt, updatedAt });
    return { ...user, secondFactorAt, updatedAt };
  }

  /**
   * Notes a new password; answers no without such a user, or if a condition does not hold any more.
   *
   * @param changes `mustChangePassword` and, where a mail has proved it, `emailVerifiedAt`
   * @param still what must be as it was when the change was permitted
   */
  async recordPasswordChange(
    id: string,
    changes: Pick<User, 'mustChangePassword'> & Partial<Pick<User, 'emailVerifiedAt'>>,
    still: Partial<Pick<User, 'credentialVersion' | 'email' | 'status'>> = {},
  ): Promise<boolean> {
    const now = this.clock.now();
    const { affected } = await this.users.update(
      { id, ...(still as FindOptionsWhere<User>) },
      {
        ...changes,
        credentialVersion: () => 'credential_version + 1',
        passwordChangeAt: now,
        updatedAt: now,
      },
    );
    return affected === 1;
  }

  /**
   * Gives an active user a proved address; answers no if the user or the password has changed since it was permitted.
   *
   * @throws DuplicateKeyError when somebody else has the address
   */
  async recordEmail({ id, credentialVersion }: User, email: string): Promise<boolean> {
    const now = this.clock.now();
    const { affected } = await this.users.update(
      { id, credentialVersion, status: 'active' },
      { email, emailVerifiedAt: now, updatedAt: now },
    );
    if (affected === 1) await this.searchTerms.refresh(id);
    return affected === 1;
  }

  /** Changes these columns and no other, so that a change of another one at the same time stays. */
  async update(user: User, changes: UserChanges): Promise<User> {
    const updatedAt = this.clock.now();
    await this.users.update({ id: user.id }, { ...changes, updatedAt });
    const { fullName, email, phone } = changes;
    if ([fullName, email, phone].some((value) => value !== undefined))
      await this.searchTerms.refresh(user.id);
    return { ...user, ...changes, updatedAt };
  }

  /** Removes a user; the password, sessions and roles go with the row. */
  async delete(id: string): Promise<void> {
    await this.users.delete({ id });
  }

  /**
   * Turns a violated unique key into the failure that names what is taken: the user name first, then e-mail and phone,
   * because of several keys each database reports another one. Any other error comes back as it is.
   */
  async takenBy(
    error: unknown,
    wanted: { readonly [K in IdentifierKind]?: string | null },
    ownId?: string,
  ): Promise<unknown> {
    if (!(error instanceof DuplicateKeyError)) return error;
    for (const kind of IDENTIFIER_KINDS) {
      const value = wanted[kind];
      const holder = value ? await this.findByIdentifier({ kind, value }) : undefined;
      if (holder !== undefined && holder.id !== ownId) return TAKEN[kind]();
    }
    // Free again by now; what the database named was true when it answered.
    const named = IDENTIFIER_KINDS.find((kind) => error.key === `users_${kind}`);
    return named === undefined ? error : TAKEN[named]();
  }
}

/** The user, active, with the password and the factor that were read. */
function asRead({ id, credentialVersion, secondFactorAt, mustChangePassword }: User): FindOptionsWhere<User> {
  const secondFactor = secondFactorAt ?? IsNull();
  return { id, status: 'active', credentialVersion, mustChangePassword, secondFactorAt: secondFactor };
}

export function withRoles({ roleKeys, ...user }: RowWithRoles): UserWithRoles {
  return { user, roles: readRoleKeys(roleKeys) };
}

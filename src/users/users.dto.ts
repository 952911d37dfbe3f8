import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, ValidateIf } from 'class-validator';
import { RoleKeys } from '../access/roles.dto.js';
import { NewPassword } from '../credentials/passwords.dto.js';
import {
  CodePoints,
  IsBoolean,
  IsDisplayName,
  MayBeAbsent,
  NoControlCharacters,
  stacked,
} from '../platform/http/constraints.js';
import { LANGUAGES, type Language } from '../platform/i18n/translator.js';
import { PageQuery } from '../platform/http/list-query.js';
import { SortBy, Time, Trimmed, type Sort } from '../platform/http/query-values.js';
import { toTimestamp, type Instant } from '../platform/time/clock.js';
import { FULL_NAME_MAX_LENGTH } from './profile.js';
import { USER_KINDS, type UserKind, type UserStatus } from './user.entity.js';
import type { UserSort } from './user-search.js';
import type { UserInput } from './user-administration.service.js';
import type { NewUser, UserWithRoles } from './users.service.js';

/** The full name of a person in a body. */
export function FullName(): PropertyDecorator {
  return stacked(IsString(), IsDisplayName(FULL_NAME_MAX_LENGTH), ApiProperty({ example: 'Mei Lin' }));
}

/** The language of mails to a person in a body; empty: none chosen. */
export function PreferredLanguage(): PropertyDecorator {
  return stacked(
    IsIn(['', ...LANGUAGES]),
    ApiProperty({ example: 'en', description: 'Of mails to the person. Empty: none chosen.' }),
  );
}

export class ListUsersQuery extends PageQuery {
  @MayBeAbsent()
  @Trimmed()
  @NoControlCharacters()
  @CodePoints(1, 100)
  @ApiProperty({
    example: 'lin mei',
    description:
      'Words of which each begins a word of the user name, full name, e-mail address or phone number; case and width ' +
      'do not matter. A phone number also as it is dialled at home, with or without separators; names in scripts ' +
      'without blanks from any character on. At least 2 characters, or 1 of such a script.',
  })
  q?: string;

  @MayBeAbsent()
  @IsIn(['active', 'disabled'])
  @ApiProperty({ description: 'Only users in this state.' })
  status?: UserStatus;

  @MayBeAbsent()
  @IsIn([...USER_KINDS, 'any'])
  @ApiProperty({ default: 'person', description: 'Only these; `any`: both.' })
  kind: UserKind | 'any' = 'person';

  @MayBeAbsent()
  @Trimmed()
  @NoControlCharacters()
  @CodePoints(2, 64)
  @ApiProperty({ example: 'administrator', description: 'Only users who hold the role with this key.' })
  role?: string;

  @MayBeAbsent()
  @CodePoints(1, 128)
  @ApiProperty({
    example: 'shop/orders:refund',
    description: 'Only users who hold this permission; needs `roles:read`, too.',
  })
  permission?: string;

  @Time()
  @ApiProperty({ description: 'Only users created then or later.' })
  created_from?: Instant;

  @Time()
  @ApiProperty({ description: 'Only users created then or earlier.' })
  created_to?: Instant;

  @SortBy(['created_at', 'username', 'last_sign_in_at'])
  @ApiProperty({ default: '-created_at' })
  sort: Sort<UserSort> = { field: 'created_at', descending: true };
}

class Contact {
  @MayBeAbsent()
  @IsString()
  @CodePoints(0, 320)
  @ApiProperty({ example: 'mei.lin@example.com', description: 'Empty: none.' })
  email?: string;

  @MayBeAbsent()
  @IsString()
  @CodePoints(0, 64)
  @ApiProperty({ example: '+8613800138000', description: 'Empty: none.' })
  phone?: string;
}

export class CreateUserRequest extends Contact {
  @IsString()
  @CodePoints(1, 320)
  @ApiProperty({ example: 'mei.lin', description: '3 to 32 of a-z, 0-9, dot, hyphen and underscore.' })
  username!: string;

  @FullName()
  full_name!: string;

  @MayBeAbsent()
  @IsIn(USER_KINDS)
  @ApiProperty({
    example: 'person',
    description:
      'By default `person`. A service account has keys, and no password, e-mail address or phone number.',
  })
  kind?: UserKind;

  @ValidateIf(
    ({ kind, invite }: CreateUserRequest, password) =>
      (kind !== 'service' && invite !== true) || password !== undefined,
  )
  @NewPassword()
  @ApiProperty({
    required: false,
    example: 'correct horse battery staple',
    description: 'A person needs one who is not invited.',
  })
  password?: string;

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'Mails a link to set the first password; needs `email`, and no `password`.' })
  invite?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'The first sign-in demands a new password.' })
  must_change_password?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'Whether the address is known to be theirs; by default it is not.' })
  email_verified?: boolean;

  @MayBeAbsent()
  @PreferredLanguage()
  language?: Language | '';

  @MayBeAbsent()
  @RoleKeys()
  roles?: string[];
}

export class UpdateUserRequest extends Contact {
  @MayBeAbsent()
  @FullName()
  full_name?: string;

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'Whether the address is known to be theirs. A new one is not, by default.' })
  email_verified?: boolean;

  @MayBeAbsent()
  @PreferredLanguage()
  language?: Language | '';
}

export class SetPasswordRequest {
  @NewPassword()
  new_password!: string;

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'The next sign-in demands a new one.' })
  must_change_password?: boolean;
}

export class SetRolesRequest {
  @RoleKeys()
  roles!: string[];
}

export class UserResponse {
  @ApiProperty({ format: 'uuid', example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11' })
  id!: string;

  @ApiProperty({ enum: USER_KINDS, example: 'person' })
  kind!: string;

  @ApiProperty({ example: 'mei.lin' })
  username!: string;

  @ApiProperty({ example: 'Mei Lin' })
  full_name!: string;

  @ApiProperty({ example: 'mei.lin@example.com', description: 'Empty when not set.' })
  email!: string;

  @ApiProperty({
    example: true,
    description: 'Whether the person has shown that mail to the address reaches them.',
  })
  email_verified!: boolean;

  @ApiProperty({ example: '+8613800138000', description: 'E.164; empty when not set.' })
  phone!: string;

  @ApiProperty({ enum: ['', ...LANGUAGES], example: 'en', description: 'Of mails; empty: none chosen.' })
  language!: string;

  @ApiProperty({ enum: ['active', 'disabled'], example: 'active' })
  status!: string;

  @ApiProperty({ type: [String], example: ['administrator'], description: 'Keys of the roles held, sorted.' })
  roles!: readonly string[];

  @ApiProperty({
    example: true,
    description: 'False for who was invited and has set none, and for service accounts.',
  })
  password_set!: boolean;

  @ApiProperty({ example: false, description: 'Whether the next sign-in demands a new password.' })
  must_change_password!: boolean;

  @ApiProperty({ example: false, description: 'Whether a sign-in asks for a second factor.' })
  second_factor!: boolean;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  password_change_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  updated_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-22T08:32:48.741Z' })
  last_sign_in_at!: string | null;
}

export function toUserResponse({ user, roles }: UserWithRoles): UserResponse {
  return {
    id: user.id,
    kind: user.kind,
    username: user.username,
    full_name: user.fullName,
    email: user.email ?? '',
    email_verified: user.emailVerifiedAt !== null,
    phone: user.phone ?? '',
    language: user.language ?? '',
    status: user.status,
    roles,
    // Service accounts of older builds have a version, and never a password.
    password_set: user.kind === 'person' && user.credentialVersion > 0,
    must_change_password: user.mustChangePassword === 1,
    second_factor: user.secondFactorAt !== null,
    password_change_at: toTimestamp(user.passwordChangeAt),
    created_at: toTimestamp(user.createdAt),
    updated_at: toTimestamp(user.updatedAt),
    last_sign_in_at: user.lastSignInAt === null ? null : toTimestamp(user.lastSignInAt),
  };
}

export function toNewUser({
  full_name,
  must_change_password,
  email_verified,
  ...rest
}: CreateUserRequest): NewUser {
  return {
    ...rest,
    fullName: full_name,
    mustChangePassword: must_change_password,
    emailVerified: email_verified,
  };
}

export function toUserInput({ full_name, email_verified, ...rest }: UpdateUserRequest): UserInput {
  return { ...rest, fullName: full_name, emailVerified: email_verified };
}

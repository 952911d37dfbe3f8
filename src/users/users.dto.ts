import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, ValidateIf } from 'class-validator';
import { RoleKeys } from '../access/roles.dto.js';
import { NewPassword } from '../credentials/passwords.dto.js';
import { isUuid } from '../platform/crypto/random.js';
import {
  CodePoints,
  IsDisplayName,
  IsListOf,
  MayBeAbsent,
  NoControlCharacters,
  stacked,
} from '../platform/http/constraints.js';
import { PageQuery } from '../platform/http/list-query.js';
import { SortBy, Time, Trimmed, type Sort } from '../platform/http/query-values.js';
import { toTimestamp, type Instant } from '../platform/time/clock.js';
import { BATCH_ACTIONS, type BatchAction, type BatchResult } from './user-batch.service.js';
import { FULL_NAME_MAX_LENGTH } from './profile.js';
import { USER_KINDS, type UserKind, type UserStatus } from './user.entity.js';
import type { UserSort } from './user-search.js';
import type { UserWithRoles } from './users.service.js';

/** The full name of a person in a body. */
export function FullName(): PropertyDecorator {
  return stacked(IsString(), IsDisplayName(FULL_NAME_MAX_LENGTH), ApiProperty({ example: 'Mei Lin' }));
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

  @ValidateIf(({ kind }: CreateUserRequest, password) => kind !== 'service' || password !== undefined)
  @NewPassword()
  @ApiProperty({
    required: false,
    example: 'correct horse battery staple',
    description: 'A person needs one.',
  })
  password?: string;

  @MayBeAbsent()
  @RoleKeys()
  roles?: string[];
}

export class UpdateUserRequest extends Contact {
  @MayBeAbsent()
  @FullName()
  full_name?: string;
}

export class SetPasswordRequest {
  @NewPassword()
  new_password!: string;
}

export class SetRolesRequest {
  @RoleKeys()
  roles!: string[];
}

export class UserBatchRequest {
  @IsIn(BATCH_ACTIONS)
  @ApiProperty({ example: BATCH_ACTIONS[0], description: 'What to do with each of them.' })
  action!: BatchAction;

  @IsListOf('ids', isUuid, { min: 1, max: 200, format: 'uuid' })
  @ApiProperty({
    example: ['3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11'],
    description: 'Ids of users; duplicates count once.',
  })
  ids!: string[];
}

export class BatchResultResponse {
  @ApiProperty({ format: 'uuid', example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11' })
  id!: string;

  @ApiProperty({ type: 'integer', example: 0, description: '0, or the number of the failure.' })
  code!: number;

  @ApiProperty({ example: 'ok' })
  msg!: string;
}

export class BatchResponse {
  @ApiProperty({ type: [BatchResultResponse] })
  results!: readonly BatchResult[];
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

  @ApiProperty({ example: '+8613800138000', description: 'E.164; empty when not set.' })
  phone!: string;

  @ApiProperty({ enum: ['active', 'disabled'], example: 'active' })
  status!: string;

  @ApiProperty({ type: [String], example: ['administrator'], description: 'Keys of the roles held, sorted.' })
  roles!: readonly string[];

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
    phone: user.phone ?? '',
    status: user.status,
    roles,
    password_change_at: toTimestamp(user.passwordChangeAt),
    created_at: toTimestamp(user.createdAt),
    updated_at: toTimestamp(user.updatedAt),
    last_sign_in_at: user.lastSignInAt === null ? null : toTimestamp(user.lastSignInAt),
  };
}

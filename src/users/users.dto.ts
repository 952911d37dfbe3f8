import { ApiProperty } from '@nestjs/swagger';
import { RoleKeys } from '../access/roles.dto.js';
import { isUuid } from '../platform/crypto/random.js';
import { PageQuery } from '../platform/http/list-query.js';
import {
  ChoiceParameter,
  SortParameter,
  TextParameter,
  TimeParameter,
  type Sort,
} from '../platform/http/query-parameters.js';
import { Choice, Text, TextList } from '../platform/http/rules.js';
import { toTimestamp, type Instant } from '../platform/time/clock.js';
import { FullName } from './full-name.js';
import { BATCH_ACTIONS, type BatchAction, type BatchResult } from './user-batch.service.js';
import type { UserStatus } from './user.entity.js';
import type { UserSort } from './user-search.js';
import type { UserWithRoles } from './users.service.js';

export class ListUsersQuery extends PageQuery {
  @TextParameter({
    min: 2,
    max: 100,
    description:
      'What the user name, full name, e-mail address or phone number begins with; case does not matter.',
    example: 'mei',
  })
  q?: string;

  @ChoiceParameter(['active', 'disabled'], 'Only users in this state.')
  status?: UserStatus;

  @TextParameter({
    min: 2,
    max: 64,
    description: 'Only users who hold the role with this key.',
    example: 'administrator',
  })
  role?: string;

  @TimeParameter('Only users created then or later.')
  created_from?: Instant;

  @TimeParameter('Only users created then or earlier.')
  created_to?: Instant;

  @SortParameter(['created_at', 'username', 'last_sign_in_at'], { field: 'created_at', descending: true })
  sort!: Sort<UserSort>;
}

export class CreateUserRequest {
  @Text({
    min: 1,
    max: 320,
    example: 'mei.lin',
    description: '3 to 32 of a-z, 0-9, dot, hyphen and underscore.',
  })
  username!: string;

  @FullName()
  full_name!: string;

  @Text({ min: 0, max: 32_768, example: 'correct horse battery staple', format: 'password' })
  password!: string;

  @Text({ min: 0, max: 320, example: 'mei.lin@example.com', optional: true, description: 'Empty: none.' })
  email?: string;

  @Text({ min: 0, max: 64, example: '+8613800138000', optional: true, description: 'Empty: none.' })
  phone?: string;

  @RoleKeys({ optional: true })
  roles?: string[];
}

export class UpdateUserRequest {
  @FullName({ optional: true })
  full_name?: string;

  @Text({ min: 0, max: 320, example: 'mei.lin@example.com', optional: true, description: 'Empty: none.' })
  email?: string;

  @Text({ min: 0, max: 64, example: '+8613800138000', optional: true, description: 'Empty: none.' })
  phone?: string;
}

export class SetPasswordRequest {
  @Text({ min: 0, max: 32_768, example: 'a longer horse, a better staple', format: 'password' })
  new_password!: string;
}

export class SetRolesRequest {
  @RoleKeys()
  roles!: string[];
}

export class UserBatchRequest {
  @Choice(BATCH_ACTIONS, { description: 'What to do with each of them.' })
  action!: BatchAction;

  @TextList({
    min: 1,
    max: 200,
    item: isUuid,
    rule: 'ids',
    format: 'uuid',
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

export class MeResponse extends UserResponse {
  @ApiProperty({
    type: [String],
    example: ['users:create'],
    description: 'Everything that the user may do, sorted.',
  })
  permissions!: readonly string[];
}

export function toUserResponse({ user, roles }: UserWithRoles): UserResponse {
  return {
    id: user.id,
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

export function toMeResponse(found: UserWithRoles, permissions: readonly string[]): MeResponse {
  return { ...toUserResponse(found), permissions };
}

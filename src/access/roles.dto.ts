import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches } from 'class-validator';
import {
  CodePoints,
  IsDisplayName,
  IsListOf,
  MayBeAbsent,
  stacked,
  WellFormed,
} from '../platform/http/constraints.js';
import { PageQuery } from '../platform/http/list-query.js';
import { SortBy, type Sort } from '../platform/http/query-values.js';
import { declaredPermissions } from '../platform/security/permission.js';
import { toTimestamp } from '../platform/time/clock.js';
import { ApplicationReference, isPermissionOfApplication } from './applications.dto.js';
import type { RoleWithPermissions } from './roles.service.js';

const ROLE_KEY = /^[a-z][a-z0-9_-]{1,63}$/;

/** A list of role keys in a body; the service checks whether there are such roles. */
export function RoleKeys(): PropertyDecorator {
  return stacked(
    IsListOf('role', (text) => ROLE_KEY.test(text), { max: 100 }),
    ApiProperty({ example: ['administrator'], description: 'Keys of roles.' }),
  );
}

function Name(): PropertyDecorator {
  return stacked(IsString(), IsDisplayName(64), ApiProperty({ example: 'Help desk' }));
}

function Description(): PropertyDecorator {
  const text = [IsString(), CodePoints(0, 512), WellFormed()];
  return stacked(MayBeAbsent(), ...text, ApiProperty({ example: 'Unlocks people' }));
}

function Permissions(): PropertyDecorator {
  return stacked(
    IsListOf('permission', isPermission, { max: 500 }),
    ApiProperty({
      example: ['users:read'],
      description:
        'Codes from `GET /permissions`; those of applications with their key: `shop/orders:refund`.',
    }),
  );
}

/** Whether a text can be a full code; the service knows what applications declare. */
export function isPermission(text: string): boolean {
  return isPermissionOfApplication(text) || declaredPermissions().some(({ code }) => code === text);
}

export class CreateRoleRequest {
  @IsString()
  @CodePoints(2, 64)
  @Matches(ROLE_KEY, { context: { rule: 'role_key' } })
  @ApiProperty({ example: 'help-desk', pattern: ROLE_KEY.source, description: 'It never changes.' })
  key!: string;

  @Name()
  name!: string;

  @Description()
  description?: string;

  @Permissions()
  permissions!: string[];
}

export class UpdateRoleRequest {
  @MayBeAbsent()
  @Name()
  name?: string;

  @Description()
  description?: string;

  @MayBeAbsent()
  @Permissions()
  permissions?: string[];
}

export class ListRolesQuery extends PageQuery {
  @SortBy(['key', 'name', 'created_at'])
  @ApiProperty({ default: 'key' })
  sort: Sort<'key' | 'name' | 'created_at'> = { field: 'key', descending: false };
}

export class ListPermissionsQuery {
  @MayBeAbsent()
  @ApplicationReference()
  @ApiProperty({ description: 'Also the permissions of this application: its id or its key.' })
  application?: string;
}

export class RoleResponse {
  @ApiProperty({ format: 'uuid', example: '0f3f7e0a-6a2b-4b1c-8f5e-3d2c1b0a9f8e' })
  id!: string;

  @ApiProperty({ example: 'help-desk' })
  key!: string;

  @ApiProperty({ example: 'Help desk' })
  name!: string;

  @ApiProperty({ example: 'Unlocks people' })
  description!: string;

  @ApiProperty({
    type: [String],
    example: ['users:read'],
    description: 'Codes, sorted. `administrator` also holds all that applications declare.',
  })
  permissions!: readonly string[];

  @ApiProperty({
    example: false,
    description: 'Whether the program relies on it; then nobody can change it.',
  })
  built_in!: boolean;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  updated_at!: string;
}

export class PermissionResponse {
  @ApiProperty({ example: 'users:read' })
  code!: string;

  @ApiProperty({ example: 'See users' })
  description!: string;
}

export class PermissionsResponse {
  @ApiProperty({ type: [PermissionResponse] })
  items!: readonly PermissionResponse[];
}

export function toRoleResponse({ role, permissions }: RoleWithPermissions): RoleResponse {
  return {
    id: role.id,
    key: role.key,
    name: role.name,
    description: role.description,
    permissions,
    built_in: role.builtIn === 1,
    created_at: toTimestamp(role.createdAt),
    updated_at: toTimestamp(role.updatedAt),
  };
}

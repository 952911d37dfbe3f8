import { ApiProperty } from '@nestjs/swagger';
import { PageQuery } from '../platform/http/list-query.js';
import { SortParameter, type Sort } from '../platform/http/query-parameters.js';
import { DisplayName, Text, TextList } from '../platform/http/rules.js';
import { declaredPermissions, type Permission } from '../platform/security/permission.js';
import { toTimestamp } from '../platform/time/clock.js';
import type { RoleWithPermissions } from './roles.service.js';

const ROLE_KEY = /^[a-z][a-z0-9_-]{1,63}$/;

/** A list of role keys in a body; whether there are such roles is asked later. */
export function RoleKeys(options: { readonly optional?: boolean } = {}): PropertyDecorator {
  return TextList({
    ...options,
    max: 100,
    item: (text) => ROLE_KEY.test(text),
    rule: 'role',
    example: ['administrator'],
    description: 'Keys of roles.',
  });
}

function Permissions(options: { readonly optional?: boolean } = {}): PropertyDecorator {
  return TextList({
    ...options,
    max: 200,
    item: (text) => declaredPermissions().some(({ code }) => code === text),
    rule: 'permission',
    example: ['users:read'],
    description: 'Codes from `GET /permissions`.',
  });
}

export class CreateRoleRequest {
  @Text({
    min: 2,
    max: 64,
    matches: ROLE_KEY,
    rule: 'role_key',
    example: 'help-desk',
    description: 'It never changes.',
  })
  key!: string;

  @DisplayName({ max: 64, example: 'Help desk' })
  name!: string;

  @Text({ min: 0, max: 512, stored: true, optional: true, example: 'Unlocks people' })
  description?: string;

  @Permissions()
  permissions!: string[];
}

export class UpdateRoleRequest {
  @DisplayName({ max: 64, example: 'Help desk', optional: true })
  name?: string;

  @Text({ min: 0, max: 512, stored: true, optional: true, example: 'Unlocks people' })
  description?: string;

  @Permissions({ optional: true })
  permissions?: string[];
}

export class ListRolesQuery extends PageQuery {
  @SortParameter(['key', 'name', 'created_at'], { field: 'key', descending: false })
  sort!: Sort<'key' | 'name' | 'created_at'>;
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

  @ApiProperty({ type: [String], example: ['users:read'], description: 'Codes, sorted.' })
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

export function toPermissionsResponse(permissions: readonly Permission[]): PermissionsResponse {
  return { items: permissions.map(({ code, description }) => ({ code, description })) };
}

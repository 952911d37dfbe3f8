import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { ApplicationReference } from '../access/applications.dto.js';
import { Holds } from '../platform/http/class-rules.js';
import { CodePoints, IsBoolean, IsId, IsListOf, MayBeAbsent, rule } from '../platform/http/constraints.js';
import { isPlainObject } from '../platform/plain-object.js';

/** No permission is longer. */
const LONGEST_PERMISSION = 128;

/** Why somebody is not allowed something. */
export const REASONS = [
  'no_role',
  'outside_scopes',
  'disabled',
  'no_such_user',
  'no_such_permission',
] as const;

export type Reason = (typeof REASONS)[number];

export class CheckSubject {
  @MayBeAbsent()
  @IsId()
  @ApiProperty({ example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11' })
  user_id?: string;

  @MayBeAbsent()
  @IsString()
  @CodePoints(1, 8192)
  @ApiProperty({ description: 'An access token or a key; with it in place of `user_id`.' })
  token?: string;
}

export class CheckRequest {
  /** A user, or whoever holds a token. */
  @Holds(() => CheckSubject)
  @rule('one_subject', (value) => isPlainObject(value) && Object.keys(value).length === 1)
  @ApiProperty({ example: { user_id: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11' } })
  subject!: CheckSubject;

  @IsListOf('permission', (text) => text.length <= LONGEST_PERMISSION, { min: 1, max: 100 })
  @ApiProperty({ example: ['users:read', 'shop/orders:refund'], description: 'Full codes of permissions.' })
  checks!: string[];

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'Also answer by which roles.' })
  explain?: boolean;
}

export class CheckResultResponse {
  @ApiProperty({ example: 'shop/orders:refund' })
  permission!: string;

  @ApiProperty({ example: true })
  allowed!: boolean;

  @ApiProperty({
    required: false,
    type: [String],
    example: ['shop-clerk'],
    description: 'With `explain`, where it is allowed: the keys of the roles that give it.',
  })
  via?: readonly string[];

  @ApiProperty({
    required: false,
    enum: REASONS,
    example: 'no_role',
    description: 'Where it is not allowed.',
  })
  why?: Reason;
}

export class CheckResponse {
  @ApiProperty({ type: [CheckResultResponse], description: 'In the order of `checks`.' })
  results!: readonly CheckResultResponse[];
}

export class PermissionsOfQuery {
  @MayBeAbsent()
  @ApplicationReference()
  @ApiProperty({
    description: "In this application: its id or its key. Without it, Gatehouse's own permissions.",
  })
  application?: string;
}

export class MyPermissionsResponse {
  @ApiProperty({
    type: [String],
    example: ['orders:refund'],
    description: 'Codes as the application knows them, sorted.',
  })
  items!: readonly string[];
}

export class HeldPermissionResponse {
  @ApiProperty({ example: 'orders:refund', description: 'As the application knows it.' })
  code!: string;

  @ApiProperty({ type: [String], example: ['shop-clerk'], description: 'Keys of the roles that give it.' })
  roles!: readonly string[];
}

export class HeldPermissionsResponse {
  @ApiProperty({ type: [HeldPermissionResponse] })
  items!: readonly HeldPermissionResponse[];
}

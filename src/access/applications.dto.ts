import { ApiParam, ApiProperty } from '@nestjs/swagger';
import { IsString, Matches } from 'class-validator';
import { currentRequest } from '../platform/context/request-context.js';
import { isUuid } from '../platform/crypto/random.js';
import {
  CodePoints,
  IsBoolean,
  IsDisplayName,
  IsListOfObjects,
  MayBeAbsent,
  NoControlCharacters,
  rule,
  stacked,
  WellFormed,
} from '../platform/http/constraints.js';
import { Holds } from '../platform/http/class-rules.js';
import { PageQuery } from '../platform/http/list-query.js';
import { SortBy, type Sort } from '../platform/http/query-values.js';
import { isPlainObject } from '../platform/plain-object.js';
import { toTimestamp } from '../platform/time/clock.js';
import type { Application, ApplicationPermission } from './application.entity.js';
import type { ApplicationWithPermissions } from './applications.service.js';
import type { Declared } from './declarations.service.js';

const KEY = /^[a-z][a-z0-9-]{1,31}$/;
const CODE = /^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)+$/;
const LONGEST_CODE = 64;

/** Whether a text has the form of a full code: `shop/orders:refund`. */
export function isPermissionOfApplication(text: string): boolean {
  const [key = '', code = '', ...more] = text.split('/');
  return more.length === 0 && KEY.test(key) && code.length <= LONGEST_CODE && CODE.test(code);
}

/** The id or the key of an application. No key has the form of an id. */
export function ApplicationReference(): PropertyDecorator {
  return stacked(
    rule('application', (value) => isUuid(value) || (typeof value === 'string' && KEY.test(value))),
    ApiProperty({ type: String, example: 'shop' }),
  );
}

/** Documents the `id` of a path that may also be a key. */
export const IdOrKey = () =>
  ApiParam({
    name: 'id',
    description: 'The id or the key of the application.',
    schema: { type: 'string' },
    example: 'shop',
  });

function Name(): PropertyDecorator {
  return stacked(IsString(), IsDisplayName(64), ApiProperty({ example: 'The shop' }));
}

function Description(): PropertyDecorator {
  return stacked(MayBeAbsent(), IsString(), CodePoints(0, 512), WellFormed(), NoControlCharacters());
}

function Owner(): PropertyDecorator {
  return stacked(
    MayBeAbsent(),
    rule('id_or_empty', (value) => value === '' || isUuid(value)),
    ApiProperty({
      example: '',
      description: 'The id of the service account that declares its permissions; empty: nobody.',
    }),
  );
}

export class CreateApplicationRequest {
  @IsString()
  @Matches(KEY, { context: { rule: 'application_key' } })
  @ApiProperty({ example: 'shop', pattern: KEY.source, description: 'It never changes.' })
  key!: string;

  @Name()
  name!: string;

  @Owner()
  owner_id?: string;
}

export class UpdateApplicationRequest {
  @MayBeAbsent()
  @Name()
  name?: string;

  @Owner()
  owner_id?: string;
}

/** One text in the languages of the service; one that is absent is empty. */
export class LocalizedText {
  @Description()
  @ApiProperty({ example: 'Refund an order' })
  en?: string;

  @Description()
  @ApiProperty({ example: '退款' })
  'zh-CN'?: string;
}

export class PermissionDeclaration {
  @IsString()
  @CodePoints(3, LONGEST_CODE)
  @Matches(CODE, { context: { rule: 'permission_code' } })
  @ApiProperty({ example: 'orders:refund', pattern: CODE.source })
  code!: string;

  /** What it lets its holder do. */
  @MayBeAbsent()
  @Holds(() => LocalizedText)
  @ApiProperty({ type: LocalizedText })
  description?: LocalizedText;
}

export class DeclarePermissionsRequest {
  @IsListOfObjects(() => PermissionDeclaration, { max: 1000 })
  @rule('distinct', areDistinct)
  @ApiProperty({ description: 'All that the application enforces now; what is missing is retired.' })
  permissions!: PermissionDeclaration[];

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'Allows more than half of ten or more to be retired at once.' })
  allow_retire?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ description: 'Only tells what would change.' })
  dry_run?: boolean;
}

export class ListApplicationsQuery extends PageQuery {
  @SortBy(['key', 'name', 'created_at'])
  @ApiProperty({ default: 'key' })
  sort: Sort<'key' | 'name' | 'created_at'> = { field: 'key', descending: false };
}

export class ApplicationResponse {
  @ApiProperty({ format: 'uuid', example: '5b1c2d3e-4f50-4a61-8b72-9c83ad94be05' })
  id!: string;

  @ApiProperty({ example: 'shop' })
  key!: string;

  @ApiProperty({ example: 'The shop' })
  name!: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    example: '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11',
    description: 'The service account that declares its permissions.',
  })
  owner_id!: string | null;

  @ApiProperty({ type: 'integer', example: 3, description: 'Counts its changes; it is the `ETag`.' })
  revision!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-22T08:00:00.000Z' })
  updated_at!: string;
}

export class ApplicationPermissionResponse {
  @ApiProperty({ example: 'orders:refund', description: 'Roles list it with the key: `shop/orders:refund`.' })
  code!: string;

  @ApiProperty({ type: LocalizedText })
  description!: LocalizedText;

  @ApiProperty({
    example: false,
    description: 'No longer declared: it counts where a role lists it, and can be granted to nobody.',
  })
  retired!: boolean;

  @ApiProperty({ type: 'integer', example: 2, description: 'How many roles list it.' })
  roles!: number;
}

export class ApplicationDetailsResponse extends ApplicationResponse {
  @ApiProperty({ type: [ApplicationPermissionResponse] })
  permissions!: readonly ApplicationPermissionResponse[];
}

export class DeclaredPermissionsResponse {
  @ApiProperty({ type: 'integer', example: 2, description: 'New, or declared again.' })
  added!: number;

  @ApiProperty({ type: 'integer', example: 0, description: 'With another description.' })
  changed!: number;

  @ApiProperty({ type: 'integer', example: 1 })
  retired!: number;

  @ApiProperty({ type: 'integer', example: 12 })
  unchanged!: number;

  @ApiProperty({ type: [String], example: ['orders:refund'] })
  codes_added!: readonly string[];

  @ApiProperty({ type: [String], example: ['orders:delete'] })
  codes_retired!: readonly string[];
}

export function toApplicationResponse(application: Application): ApplicationResponse {
  return {
    id: application.id,
    key: application.key,
    name: application.name,
    owner_id: application.ownerId,
    revision: application.revision,
    created_at: toTimestamp(application.createdAt),
    updated_at: toTimestamp(application.updatedAt),
  };
}

export function toApplicationDetailsResponse({
  application,
  permissions,
}: ApplicationWithPermissions): ApplicationDetailsResponse {
  return {
    ...toApplicationResponse(application),
    permissions: permissions.map(({ permission, descriptionEn, descriptionZh, retiredAt, roles }) => ({
      code: codeOf(permission),
      description: { en: descriptionEn, 'zh-CN': descriptionZh },
      retired: retiredAt !== null,
      roles,
    })),
  };
}

/** As one of `GET /permissions`: with its full code, in the language of the request or else in the other. */
export function toPermissionResponse({ permission, descriptionEn, descriptionZh }: ApplicationPermission): {
  code: string;
  description: string;
} {
  const texts =
    currentRequest().language === 'en' ? [descriptionEn, descriptionZh] : [descriptionZh, descriptionEn];
  return { code: permission, description: texts.find((text) => text !== '') ?? '' };
}

export function toDeclaredPermissionsResponse({
  added,
  changed,
  retired,
  unchanged,
}: Declared): DeclaredPermissionsResponse {
  return {
    added: added.length,
    changed: changed.length,
    retired: retired.length,
    unchanged,
    codes_added: added.map(codeOf),
    codes_retired: retired.map(codeOf),
  };
}

/** The part of a full code that its application knows; one of Gatehouse's own is whole. */
export function codeOf(permission: string): string {
  return permission.slice(permission.indexOf('/') + 1);
}

function areDistinct(declarations: unknown): boolean {
  if (!Array.isArray(declarations)) return false;
  // What has no code is refused for that.
  const codes = declarations.flatMap((declaration) =>
    isPlainObject(declaration) ? (declaration['code'] ?? []) : [],
  );
  return new Set(codes).size === codes.length;
}

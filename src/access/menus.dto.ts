import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, Matches } from 'class-validator';
import { isUuid } from '../platform/crypto/random.js';
import { Holds } from '../platform/http/class-rules.js';
import { CodePoints, IsBoolean, IsListOf, MayBeAbsent, rule, stacked } from '../platform/http/constraints.js';
import { isPlainObject } from '../platform/plain-object.js';
import { holdsNoScript, isHarmless, isIcon, isWebAddress, staysInside } from './menu-texts.js';
import { MENU_KINDS, type Menu, type MenuKind } from './menu.entity.js';
import type { MenuNode } from './menu-tree.js';
import type { MenuTree } from './menus.service.js';
import { isPermission } from './roles.dto.js';

const KEY = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** In bytes of JSON. */
const LARGEST_META = 2048;

function Text(max: number, name: string, accepts: (text: string) => boolean, example: string) {
  return stacked(
    MayBeAbsent(),
    IsString(),
    CodePoints(0, max),
    rule(name, (value) => typeof value === 'string' && accepts(value)),
    ApiProperty({ example }),
  );
}

function Inside(example: string): PropertyDecorator {
  return Text(255, 'inner_path', staysInside, example);
}

function Switch(description: string): PropertyDecorator {
  return stacked(MayBeAbsent(), IsBoolean(), ApiProperty({ description }));
}

function Key(): PropertyDecorator {
  return stacked(
    IsString(),
    Matches(KEY, { context: { rule: 'menu_key' } }),
    ApiProperty({ example: 'OrderList', pattern: KEY.source, description: 'The name of the route.' }),
  );
}

function Kind(): PropertyDecorator {
  return stacked(IsIn(MENU_KINDS), ApiProperty({ example: 'page' }));
}

function Title(): PropertyDecorator {
  return stacked(
    Holds(() => MenuTitle),
    rule(
      'one_text',
      (value) =>
        isPlainObject(value) &&
        Object.values(value).some((text) => typeof text === 'string' && text.trim() !== ''),
    ),
  );
}

export class MenuTitle {
  @Text(64, 'harmless_text', isHarmless, 'Orders')
  en?: string;

  @Text(64, 'harmless_text', isHarmless, '订单')
  'zh-CN'?: string;
}

class MenuFields {
  @Inside('/orders')
  path?: string;

  @Inside('orders/index')
  component?: string;

  @Inside('')
  redirect?: string;

  @Text(128, 'icon', isIcon, 'mdi:receipt')
  icon?: string;

  @Text(1024, 'web_address', isWebAddress, '')
  @ApiProperty({ description: 'Of a link or a frame: http or https.' })
  url?: string;

  @Switch('The route is known, and no entry is shown for it.')
  hidden?: boolean;

  @Switch('The front end keeps the page when one leaves it.')
  keep_alive?: boolean;

  @Switch('If false, nobody gets it, nor what is below it. By default true.')
  enabled?: boolean;

  @MayBeAbsent()
  @IsListOf('permission', isPermission, { max: 20 })
  @ApiProperty({
    example: ['users:read'],
    description: 'Full codes: whoever holds one of them sees it. None: everybody.',
  })
  permissions?: string[];

  @MayBeAbsent()
  @rule('object', isPlainObject)
  @rule('size', isSmall, { context: { params: { max: LARGEST_META } } })
  @rule('harmless_text', holdsNoScript)
  @ApiProperty({
    type: Object,
    additionalProperties: true,
    example: { affix: true },
    description: 'For what only the front end understands: at most 2 KiB of JSON.',
  })
  meta?: Record<string, unknown>;
}

export class CreateMenuRequest extends MenuFields {
  @MayBeAbsent()
  @rule('id_or_null', isIdOrNull)
  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null, description: 'Null: the top.' })
  parent_id?: string | null;

  @Kind()
  kind!: MenuKind;

  @Key()
  key!: string;

  /** In one language at least. */
  @Title()
  title!: MenuTitle;
}

export class UpdateMenuRequest extends MenuFields {
  @MayBeAbsent()
  @Kind()
  kind?: MenuKind;

  @MayBeAbsent()
  @Key()
  key?: string;

  /** In one language at least. */
  @MayBeAbsent()
  @Title()
  title?: MenuTitle;
}

export class OrderMenusRequest {
  @rule('id_or_null', isIdOrNull)
  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null, description: 'Null: the top.' })
  parent_id!: string | null;

  @IsListOf('ids', isUuid, { max: 200, format: 'uuid' })
  @rule('distinct', (value) => Array.isArray(value) && new Set(value).size === value.length)
  @ApiProperty({ example: [], description: 'All children that the parent is to have, in their order.' })
  ids!: string[];
}

/** What a node is for the editor and for the front end alike. */
export class MenuShape {
  @ApiProperty({ example: 'OrderList' })
  key!: string;

  @ApiProperty({ example: '/orders' })
  path!: string;

  @ApiProperty({ example: 'orders/index' })
  component!: string;

  @ApiProperty({ example: '' })
  redirect!: string;

  @ApiProperty({ example: 'mdi:receipt' })
  icon!: string;

  @ApiProperty({ example: '' })
  url!: string;

  @ApiProperty({ example: false })
  hidden!: boolean;

  @ApiProperty({ example: true })
  keep_alive!: boolean;

  @ApiProperty({ type: Object, additionalProperties: true, example: { affix: true } })
  meta!: unknown;
}

export class MenuResponse extends MenuShape {
  @ApiProperty({ format: 'uuid', example: '7c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e4f' })
  id!: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  parent_id!: string | null;

  @ApiProperty({ enum: MENU_KINDS, example: 'page' })
  kind!: string;

  @ApiProperty({ type: MenuTitle })
  title!: MenuTitle;

  @ApiProperty({ example: true })
  enabled!: boolean;

  @ApiProperty({ type: [String], example: ['shop/orders:read'] })
  permissions!: unknown;

  @ApiProperty({ type: 'integer', example: 0, description: 'Its place among its siblings, from 0.' })
  position!: number;

  @ApiProperty({ type: 'integer', example: 1, description: 'Counts its changes; it is the `ETag`.' })
  revision!: number;
}

export class MenuNodeResponse extends MenuResponse {
  @ApiProperty({ type: () => [MenuNodeResponse], example: [] })
  children!: readonly MenuNodeResponse[];
}

export class MenuTreeResponse {
  @ApiProperty({
    type: 'integer',
    example: 4,
    description: 'Counts the changes of the tree; it is the `ETag`.',
  })
  revision!: number;

  @ApiProperty({ type: [MenuNodeResponse] })
  items!: readonly MenuNodeResponse[];
}

export function toMenuResponse(menu: Menu): MenuResponse {
  return {
    id: menu.id,
    parent_id: menu.parentId,
    kind: menu.kind,
    title: { en: menu.titleEn, 'zh-CN': menu.titleZh },
    ...shapeOf(menu),
    enabled: menu.enabled === 1,
    permissions: JSON.parse(menu.permissions),
    position: menu.position,
    revision: menu.revision,
  };
}

export function toMenuTreeResponse({ revision, nodes }: MenuTree): MenuTreeResponse {
  return { revision, items: nodes.map(toMenuNodeResponse) };
}

function toMenuNodeResponse({ menu, children }: MenuNode): MenuNodeResponse {
  return { ...toMenuResponse(menu), children: children.map(toMenuNodeResponse) };
}

export function shapeOf(menu: Menu): MenuShape {
  const { key, path, component, redirect, icon, url } = menu;
  const [hidden, keep_alive] = [menu.hidden === 1, menu.keepAlive === 1];
  return { key, path, component, redirect, icon, url, hidden, keep_alive, meta: JSON.parse(menu.meta) };
}

function isIdOrNull(value: unknown): boolean {
  return value === null || isUuid(value);
}

function isSmall(value: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(value) ?? '') <= LARGEST_META;
}

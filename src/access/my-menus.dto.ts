import { ApiProperty } from '@nestjs/swagger';
import { currentRequest } from '../platform/context/request-context.js';
import { ApplicationReference } from './applications.dto.js';
import { MENU_KINDS, type Menu } from './menu.entity.js';
import { firstPage, type MenuNode } from './menu-tree.js';
import { MenuShape, shapeOf } from './menus.dto.js';

export class MyMenusQuery {
  @ApplicationReference()
  @ApiProperty({ description: 'The id or the key of the application.' })
  application!: string;
}

export class MyButtonResponse {
  @ApiProperty({ example: 'OrderRefund' })
  key!: string;

  @ApiProperty({ example: 'Refund' })
  title!: string;
}

export class MyMenuResponse extends MenuShape {
  @ApiProperty({ enum: MENU_KINDS.filter((kind) => kind !== 'button'), example: 'page' })
  kind!: string;

  @ApiProperty({ example: 'Orders', description: 'In the language of the request, or else in the other.' })
  title!: string;

  @ApiProperty({ type: [MyButtonResponse] })
  buttons!: readonly MyButtonResponse[];

  @ApiProperty({ type: () => [MyMenuResponse], example: [] })
  children!: readonly MyMenuResponse[];
}

export class MyMenusResponse {
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'OrderList',
    description: 'The key of the first page with an entry; null where there is none.',
  })
  home!: string | null;

  @ApiProperty({ type: [MyMenuResponse] })
  items!: readonly MyMenuResponse[];
}

export function toMyMenusResponse(nodes: readonly MenuNode[]): MyMenusResponse {
  return { home: firstPage(nodes)?.key ?? null, items: nodes.map(toMyMenuResponse) };
}

function toMyMenuResponse({ menu, children }: MenuNode): MyMenuResponse {
  const isButton = (node: MenuNode) => node.menu.kind === 'button';
  return {
    kind: menu.kind,
    title: titleOf(menu),
    ...shapeOf(menu),
    buttons: children
      .filter(isButton)
      .map((button) => ({ key: button.menu.key, title: titleOf(button.menu) })),
    children: children.filter((node) => !isButton(node)).map(toMyMenuResponse),
  };
}

function titleOf({ titleEn, titleZh }: Menu): string {
  return currentRequest().language === 'en' ? titleEn || titleZh : titleZh || titleEn;
}

import type { Menu, MenuKind } from './menu.entity.js';

/** How many levels a tree has at most. */
const MOST_LEVELS = 6;

/** A node with its children in their order. */
export interface MenuNode {
  readonly menu: Menu;
  readonly children: readonly MenuNode[];
}

/** The nodes of one application as a tree. What hangs on nothing of them is left out. */
export function treeOf(menus: readonly Menu[]): MenuNode[] {
  const byParent = Map.groupBy(menus, ({ parentId }) => parentId);
  const below = (parentId: string | null): MenuNode[] =>
    (byParent.get(parentId) ?? [])
      .toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
      .map((menu) => ({ menu, children: below(menu.id) }));
  return below(null);
}

/**
 * Whether nodes of one application stand where they can: each under one of them, no circle, not too deep, and each kind
 * under one that can hold it.
 */
export function isTree(menus: readonly Menu[]): boolean {
  const byId = new Map(menus.map((menu) => [menu.id, menu]));
  return menus.every((menu) => {
    const parent = menu.parentId === null ? null : byId.get(menu.parentId);
    return (
      parent !== undefined && canStandUnder(menu.kind, parent?.kind) && levelOf(menu, byId) <= MOST_LEVELS
    );
  });
}

/** Buttons are parts of pages; a link leads away, so nothing is below it. */
function canStandUnder(kind: MenuKind, parent: MenuKind | undefined): boolean {
  if (kind === 'button') return parent === 'page';
  return parent !== 'button' && parent !== 'link';
}

/** 1 at the top; beyond the limit for whatever stands in a circle. */
function levelOf(menu: Menu, byId: ReadonlyMap<string, Menu>): number {
  let level = 1;
  for (let { parentId } = menu; parentId !== null && level <= MOST_LEVELS; level += 1)
    parentId = byId.get(parentId)?.parentId ?? null;
  return level;
}

/** What somebody sees of a tree: a part that is off or for others goes with all below it, and so do empty groups. */
export function visibleTo(holds: (permission: string) => boolean, nodes: readonly MenuNode[]): MenuNode[] {
  return nodes.flatMap(({ menu, children }) => {
    const permissions: string[] = JSON.parse(menu.permissions);
    if (menu.enabled === 0 || (permissions.length > 0 && !permissions.some(holds))) return [];
    const visible = visibleTo(holds, children);
    return menu.kind === 'group' && visible.length === 0 ? [] : [{ menu, children: visible }];
  });
}

/** The first page that has an entry, from the top. */
export function firstPage(nodes: readonly MenuNode[]): Menu | undefined {
  for (const { menu, children } of nodes) {
    if (menu.hidden === 1) continue;
    const found = menu.kind === 'page' ? menu : firstPage(children);
    if (found !== undefined) return found;
  }
  return undefined;
}

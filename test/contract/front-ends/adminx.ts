/**
 * What adminx answers as the tree of its menus. Facts from gostack-labs/adminx: internal/api/menu.go (`MenuValue`), and
 * docs/apis-menu.md. A redirect is stored there and is no part of the tree.
 */
export interface MenuValue {
  id: number;
  title: string;
  path: string | null;
  name: string;
  component: string | null;
  /** The id of the parent, 0 at the top. */
  parent: number;
  /** 1 directory, 2 menu; buttons, 3, are no part of the tree. */
  type: 1 | 2;
  sort: number;
  meta: MenuMeta;
  children: MenuValue[];
}

interface MenuMeta {
  title: string;
  hyperlink: string | null;
  is_hide: boolean;
  is_keep_alive: boolean;
  is_affix: boolean;
  is_iframe: boolean;
  auth: string[];
  icon: string | null;
}

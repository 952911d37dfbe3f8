/**
 * What Soybean Admin expects of `/route/getUserRoutes`. Facts from soybeanjs/soybean-admin: src/typings/api/route.d.ts
 * (`UserRoute`, `MenuRoute`), src/typings/router.d.ts (`RouteMeta`), and src/router/elegant/transform.ts, which reads the
 * place of a route from its name; the base of a route from soybeanjs/elegant-router: packages/vue/src/types/index.ts.
 * Where it lists the names of its own routes, there is `string` here.
 */
export interface UserRoute {
  routes: MenuRoute[];
  home: string;
}

export interface MenuRoute {
  id: string;
  name: string;
  path: string;
  /** `layout.base` or `layout.base$view.x` at the top, `view.x` below; none for a group below the top. */
  component?: string;
  redirect?: string;
  props?: Record<string, unknown>;
  meta?: RouteMeta;
  children?: MenuRoute[];
}

interface RouteMeta extends Record<PropertyKey, unknown> {
  title: string;
  i18nKey?: string | null;
  roles?: string[];
  keepAlive?: boolean | null;
  constant?: boolean | null;
  icon?: string;
  localIcon?: string;
  iconFontSize?: number;
  order?: number | null;
  href?: string | null;
  hideInMenu?: boolean | null;
  activeMenu?: string | null;
  multiTab?: boolean | null;
  fixedIndexInTab?: number | null;
  query?: { key: string; value: string }[] | null;
}

/**
 * What Vben Admin 5 expects of `/menu/all`. Facts from vbenjs/vue-vben-admin:
 * packages/@core/base/typings/src/vue-router.d.ts; the layouts `BasicLayout` and `IFrameView` are those that each of its
 * apps names in src/router/access.ts. The base of a route and of its meta is vue-router's.
 */
export interface RouteRecordStringComponent<T = string> {
  path: string;
  name?: string;
  redirect?: string;
  meta?: RouteMeta;
  component: T;
  children?: RouteRecordStringComponent<T>[];
}

interface RouteMeta extends Record<PropertyKey, unknown> {
  title: string;
  icon?: string;
  activeIcon?: string;
  activePath?: string;
  affixTab?: boolean;
  affixTabOrder?: number;
  authority?: string[];
  badge?: string;
  badgeType?: 'dot' | 'normal';
  badgeVariants?: string;
  hideChildrenInMenu?: boolean;
  hideInBreadcrumb?: boolean;
  hideInMenu?: boolean;
  hideInTab?: boolean;
  iframeSrc?: string;
  ignoreAccess?: boolean;
  keepAlive?: boolean;
  link?: string;
  maxNumOfOpenTab?: number;
  menuVisibleWithForbidden?: boolean;
  openInNewWindow?: boolean;
  order?: number;
  query?: Record<string, unknown>;
}

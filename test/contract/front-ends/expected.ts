import type { MenuValue } from './adminx.ts';
import type { RouterVo } from './ruoyi.ts';
import type { MenuRoute, UserRoute } from './soybean.ts';
import type { RouteRecordStringComponent } from './vben.ts';

// What each front end gets for the sample.
const HANDBOOK = 'https://handbook.example.com/shop';
const SITE = 'https://example.com/';
const STATUS = 'https://status.example.com/';

const plain = { icon: '', noCache: true, link: null };
const group = { redirect: 'noRedirect', alwaysShow: true };
const layout = { path: '/', component: 'Layout' };

export const ruoyi: RouterVo[] = [
  {
    ...group,
    name: 'shop',
    path: '/shop',
    hidden: false,
    component: 'Layout',
    meta: { ...plain, title: 'Shop', icon: 'cart' },
    children: [
      {
        name: 'shop_orders',
        path: 'orders',
        hidden: false,
        component: 'shop/orders/index',
        query: '{"state":"open"}',
        meta: { ...plain, title: 'Orders', noCache: false },
      },
      {
        name: 'shop_order',
        path: 'orders/:id',
        hidden: true,
        component: 'shop/orders/one',
        meta: { ...plain, title: 'shop_order' },
      },
      {
        ...group,
        name: 'reports',
        path: 'reports',
        hidden: false,
        component: 'ParentView',
        meta: { ...plain, title: 'Reports' },
        children: [
          {
            name: 'daily_report',
            path: 'daily',
            hidden: false,
            component: 'shop/reports/daily',
            meta: { ...plain, title: 'daily_report' },
          },
        ],
      },
      {
        name: 'handbook',
        path: 'handbook',
        hidden: false,
        component: 'InnerLink',
        meta: { ...plain, title: 'Handbook', link: HANDBOOK },
      },
    ],
  },
  {
    ...layout,
    hidden: false,
    children: [
      {
        name: 'start',
        path: '',
        hidden: false,
        component: 'start',
        meta: { title: 'Start', icon: 'home', noCache: false, link: null },
      },
    ],
  },
  {
    ...layout,
    hidden: true,
    children: [
      {
        name: 'about_us',
        path: 'about',
        hidden: true,
        component: 'about/index',
        meta: { ...plain, title: 'about_us' },
      },
    ],
  },
  {
    name: 'site',
    path: SITE,
    hidden: false,
    component: 'Layout',
    meta: { ...plain, title: 'Our site', link: SITE },
  },
  {
    ...layout,
    hidden: false,
    children: [
      {
        name: 'status',
        path: 'status',
        hidden: false,
        component: 'InnerLink',
        meta: { ...plain, title: 'Status', link: STATUS },
      },
    ],
  },
];

const shown = { icon: '', hideInMenu: false, keepAlive: false };
const orders = { ...shown, title: 'Orders', keepAlive: true, query: { state: 'open' }, badge: 'new' };

export const vben: RouteRecordStringComponent[] = [
  {
    name: 'shop',
    path: '/shop',
    redirect: '/shop/orders',
    component: 'BasicLayout',
    meta: { ...shown, title: 'Shop', icon: 'cart' },
    children: [
      { name: 'shop_orders', path: '/shop/orders', component: 'shop/orders/index', meta: orders },
      {
        name: 'shop_order',
        path: '/shop/orders/:id',
        component: 'shop/orders/one',
        meta: { ...shown, title: 'shop_order', hideInMenu: true },
      },
      {
        name: 'reports',
        path: '/shop/reports',
        component: '',
        meta: { ...shown, title: 'Reports' },
        children: [
          {
            name: 'daily_report',
            path: '/shop/reports/daily',
            component: 'shop/reports/daily',
            meta: { ...shown, title: 'daily_report' },
          },
        ],
      },
      {
        name: 'handbook',
        path: '/shop/handbook',
        component: 'IFrameView',
        meta: { ...shown, title: 'Handbook', iframeSrc: HANDBOOK },
      },
    ],
  },
  {
    name: 'start',
    path: '/',
    component: 'start',
    // What `meta` says of `link` and `iframeSrc` is gone; `href` means nothing to Vben.
    meta: {
      title: 'Start',
      icon: 'home',
      hideInMenu: false,
      keepAlive: true,
      is_affix: true,
      href: 'data:,x',
    },
  },
  {
    name: 'about_us',
    path: '/about',
    component: 'about/index',
    meta: { ...shown, title: 'about_us', hideInMenu: true },
  },
  { name: 'site', path: '/site', component: 'IFrameView', meta: { ...shown, title: 'Our site', link: SITE } },
  {
    name: 'status',
    path: '/status',
    component: 'IFrameView',
    meta: { ...shown, title: 'Status', iframeSrc: STATUS },
  },
];

const seen = { ...shown, href: null };

export const soybean: UserRoute = {
  home: 'shop_orders',
  routes: [
    {
      id: 'shop',
      name: 'shop',
      path: '/shop',
      redirect: '/shop/orders',
      component: 'layout.base',
      meta: { ...seen, title: 'Shop', icon: 'cart' },
      children: [
        route('shop_orders', '/shop/orders', 'view.shop/orders/index', { ...orders }),
        route('shop_order', '/shop/orders/:id', 'view.shop/orders/one', { hideInMenu: true }),
        {
          id: 'reports',
          name: 'shop_.reports',
          path: '/shop/reports',
          meta: { ...seen, title: 'Reports' },
          children: [
            {
              ...route('daily_report', '/shop/reports/daily', 'view.shop/reports/daily'),
              name: 'shop_.reports_.daily.report',
            },
          ],
        },
        {
          ...route('handbook', '/shop/handbook', 'view.iframe-page', { title: 'Handbook' }),
          name: 'shop_.handbook',
          props: { url: HANDBOOK },
        },
      ],
    },
    route('start', '/', 'layout.base$view.start', {
      title: 'Start',
      icon: 'home',
      keepAlive: true,
      // Soybean asks for `href` only; the others mean nothing to it.
      is_affix: true,
      link: 'data:,x',
      iframeSrc: 'data:,x',
    }),
    {
      ...route('about_us', '/about', 'layout.base$view.about/index', { hideInMenu: true }),
      name: 'about.us',
    },
    route('site', '/site', 'layout.base$view.iframe-page', { title: 'Our site', href: SITE }),
    {
      ...route('status', '/status', 'layout.base$view.iframe-page', { title: 'Status' }),
      props: { url: STATUS },
    },
  ],
};

function route(id: string, path: string, component: string, meta: object = {}): MenuRoute {
  return { id, name: id, path, component, meta: { ...seen, title: id, ...meta } };
}

export const adminx: MenuValue[] = [
  value(1, 0, 'shop', 'Shop', '/shop', '', { icon: 'cart' }, [
    value(2, 1, 'shop_orders', 'Orders', '/shop/orders', 'shop/orders/index', { is_keep_alive: true }),
    value(3, 1, 'shop_order', 'shop_order', '/shop/orders/:id', 'shop/orders/one', { is_hide: true }),
    value(4, 1, 'reports', 'Reports', '/shop/reports', '', {}, [
      value(5, 4, 'daily_report', 'daily_report', '/shop/reports/daily', 'shop/reports/daily'),
    ]),
    value(6, 1, 'handbook', 'Handbook', '/shop/handbook', '', { hyperlink: HANDBOOK, is_iframe: true }),
  ]),
  value(7, 0, 'start', 'Start', '/', 'start', { icon: 'home', is_keep_alive: true, is_affix: true }),
  value(8, 0, 'about_us', 'about_us', '/about', 'about/index', { is_hide: true }),
  value(9, 0, 'site', 'Our site', '/site', '', { hyperlink: SITE }),
  value(10, 0, 'status', 'Status', '/status', '', { hyperlink: STATUS, is_iframe: true }),
];

function value(
  id: number,
  parent: number,
  name: string,
  title: string,
  path: string,
  component: string,
  meta: Partial<MenuValue['meta']> = {},
  children: MenuValue[] = [],
): MenuValue {
  const shown = { is_hide: false, is_keep_alive: false, is_affix: false, is_iframe: false };
  const none = { hyperlink: null, icon: null, auth: ['orders:refund'] };
  const type = children.length > 0 ? 1 : 2;
  const whole = { title, ...shown, ...none, ...meta };
  return { id, parent, name, title, path, component, type, sort: id, meta: whole, children };
}

/** What `GET /me/menus` may answer, with everything that a front end has to be told in its own way. */
export const sample = {
  home: 'shop_orders',
  items: [
    entry('shop', 'group', {
      title: 'Shop',
      path: '/shop',
      icon: 'cart',
      redirect: '/shop/orders',
      children: [
        entry('shop_orders', 'page', {
          title: 'Orders',
          path: 'orders',
          component: 'shop/orders/index',
          keep_alive: true,
          meta: { query: { state: 'open' }, badge: 'new' },
          buttons: [{ key: 'refund', title: 'Refund' }],
          children: [
            entry('shop_order', 'page', { path: ':id', component: 'shop/orders/one', hidden: true }),
          ],
        }),
        entry('reports', 'group', {
          title: 'Reports',
          children: [
            entry('daily_report', 'page', { path: '/shop/reports/daily', component: 'shop/reports/daily' }),
          ],
        }),
        entry('handbook', 'frame', { title: 'Handbook', url: 'https://handbook.example.com/shop' }),
      ],
    }),
    entry('start', 'page', {
      title: 'Start',
      path: '/',
      component: 'start',
      icon: 'home',
      keep_alive: true,
      meta: {
        is_affix: true,
        link: 'data:,x',
        iframeSrc: 'data:,x',
        href: 'data:,x',
      },
    }),
    entry('about_us', 'page', { path: 'about', component: 'about/index', hidden: true }),
    entry('site', 'link', { title: 'Our site', url: 'https://example.com/' }),
    entry('status', 'frame', { title: 'Status', path: '/status', url: 'https://status.example.com/' }),
  ],
};

/** Keys whose names would meet if they were only joined. */
export const confusable = {
  home: null,
  items: [
    entry('a', 'group', { children: [entry('b', 'page'), entry('a_b', 'page'), entry('a-b', 'page')] }),
    entry('a_c', 'group', { children: [entry('d', 'page'), entry('d_', 'page'), entry('a_c_d', 'page')] }),
    entry('a-c', 'page'),
  ],
};

/** Groups as deep as the tree may be, with a page at the end. */
export const deepest = {
  home: 'g6',
  items: [1, 2, 3, 4, 5].reduceRight(
    (children, level) => [entry(`g${level}`, 'group', { children })],
    [entry('g6', 'page')],
  ),
};

function entry(key: string, kind: string, fields: object = {}): object {
  const texts = { title: key, path: '', component: '', redirect: '', icon: '', url: '' };
  const flags = { hidden: false, keep_alive: false, meta: {}, buttons: [], children: [] };
  return { key, kind, ...texts, ...flags, ...fields };
}

/**
 * A shop that leaves sign-in and permissions to Gatehouse. Its service account owns the application `shop` and may
 * `applications:declare` and `tokens:introspect`. Node runs this file as it stands, after
 * `npm run build -w @gatehouse/verify`:   node examples/shop/server.ts
 */
import express from 'express';
import { createVerifier, declare } from '@gatehouse/verify';
import { gatehouseAuth, principalOf, requirePermission } from '@gatehouse/verify/express';

const url = setting('GATEHOUSE_URL');
const key = setting('GATEHOUSE_KEY');
const application = 'shop';

const orders = new Map([
  ['1', { id: '1', item: 'A kettle', state: 'paid' }],
  ['2', { id: '2', item: 'A lamp', state: 'paid' }],
]);

// The list that the code enforces is the list that Gatehouse knows. Declaring it again changes nothing.
await declare({
  url,
  key,
  application,
  permissions: [
    { code: 'orders:read', description: { en: 'Read orders', 'zh-CN': '查看订单' } },
    { code: 'orders:refund', description: { en: 'Refund orders', 'zh-CN': '为订单退款' } },
  ],
});
const [issuer, audience] = [setting('GATEHOUSE_ISSUER'), setting('GATEHOUSE_AUDIENCE')];
const gatehouse = createVerifier({ url, issuer, audience, key, application, changes: true });

const app = express();
app.use(gatehouseAuth(gatehouse));
app.get('/orders', requirePermission('orders:read'), (_request, response) => {
  response.json({ code: 0, data: { items: [...orders.values()] }, msg: 'ok' });
});
app.post('/orders/:id/refund', requirePermission('orders:refund'), (request, response) => {
  const order = orders.get(request.params.id);
  if (!order) return void response.status(404).json({ code: 1, data: null, msg: 'No such order.' });
  const refunded = { ...order, state: 'refunded', by: principalOf(request).userId };
  orders.set(order.id, refunded);
  response.json({ code: 0, data: refunded, msg: 'ok' });
});

const server = app.listen(Number(setting('PORT')), () =>
  console.log(`The shop is open on ${setting('PORT')}.`),
);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (gatehouse.close(), server.close()));

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set.`);
  return value;
}

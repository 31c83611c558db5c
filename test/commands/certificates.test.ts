import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHouse } from '../http/support.ts';
import { NO_CERTIFICATES } from '../support/no-certificates.ts';

test('a try by ACME that ends while the list is read is seen at work or ended, so that who looks on learns of it', async (t) => {
  let ended = false;
  const acme = { run: async () => '', running: () => !ended };
  const house = await openHouse(Date.now, { certificates: { ...NO_CERTIFICATES, acme } });
  t.after(() => house.close());
  const { certificateOrders } = house.stores;
  const order = { domain: 'example.test', names: ['example.test'], nextAt: 0, triedAt: 0, failures: 0, failure: '' };
  await certificateOrders.setOrder(order);
  const read = certificateOrders.orders.bind(certificateOrders);
  t.mock.method(certificateOrders, 'orders', async () => {
    const found = await read();
    ended = true;
    return found;
  });
  const looks = [await house.commands.certificates.list(), await house.commands.certificates.list()];
  assert.deepEqual(
    looks.map(([one]) => one!.acme!.running),
    [true, false],
  );
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serialize } from '../../server/xmpp/element.ts';
import { agent, BIND, LAPTOP, open as openStage, PHONE, plain, type Stage } from '../c2s/sasl2.ts';
import { addComponent, componentComes } from '../support/component.ts';
import { APP, chat, clock, enabling, J, open, pushed, R } from '../support/push.ts';
import { conditionOf, find } from '../support/xml.ts';

const BY = { name: 'olga', door: 'panel' } as const;
const BIND_MANAGED =
  "<bind xmlns='urn:xmpp:bind:0'><tag>Pidgeon</tag><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>";

async function stageWithApp(t: TestContext) {
  const stage = await openStage(t);
  const app = await componentComes(stage.scene, APP, await addComponent(stage.scene, APP));
  const romeo = await stage.scene.comes(`${R}/orchard`);
  return { stage, app, romeo };
}

/** A device logs in, asks to be woken, and goes. */
async function comesAndGoes(stage: Stage, device: string, node: string, bind = BIND) {
  const wire = stage.dial();
  await wire.opens('example.test');
  const end = await plain(wire, agent(device) + bind);
  assert.equal(end.name, 'success', serialize(end));
  await wire.element();
  wire.write(enabling(node).replace('<iq ', "<iq id='e' "));
  await wire.receives("<iq id='e' type='result'/>");
  wire.cut();
  await sleep(20);
}

const nodesOf = async ({ scene }: Stage) =>
  (await scene.stores.push.of((await scene.account(J)).id)).map(({ node }) => node);

for (const [whose, bind] of [
  ['is away', BIND],
  ['has a session that waits for it (XEP-0198)', BIND_MANAGED],
] as const) {
  test(`XEP-0494 §3.2, attack: a stolen phone that ${whose} is revoked, and is told of no message any more`, async (t) => {
    const { stage, app, romeo } = await stageWithApp(t);
    const { scene } = stage;
    await comesAndGoes(stage, PHONE, 'phone', bind);
    await comesAndGoes(stage, LAPTOP, 'laptop');
    const { id: account } = await scene.account(J);
    const mine = await scene.comes(`${J}/mine`);
    const revoke = `<iq type='set'><revoke xmlns='urn:xmpp:cam:0' id='${scene.stores.devices.idOf(account, PHONE)}'/></iq>`;
    assert.equal(conditionOf(await mine.asks(revoke)), 'service-unavailable'); // it knew the password (§3.2)
    mine.leaves();
    await chat(romeo, 'hi');
    assert.equal(find(await pushed(app), 'pubsub', 'publish')?.attrs.node, 'laptop');
    await app.receivesNothing();
  });
}

test('an administrator who revokes a device ends its pushes too, and those of nobody else', async (t) => {
  const { stage } = await stageWithApp(t);
  const { scene } = stage;
  await comesAndGoes(stage, PHONE, 'phone');
  await comesAndGoes(stage, LAPTOP, 'laptop');
  const { id: account } = await scene.account(J);
  await scene.commands.devices.revoke(BY, 'example.test', 'juliet', scene.stores.devices.idOf(account, PHONE));
  assert.deepEqual(await nodesOf(stage), ['laptop']);
});

test('a client that did not say which device it is: its pushes end with the session that is revoked', async (t) => {
  const { scene, phone } = await open(t);
  const { devices: list } = scene.commands;
  await phone.gets(enabling('phone'));
  const tablet = await scene.comes(`${J}/tablet`);
  await tablet.gets(enabling('tablet'));
  const { devices } = await list.list('example.test', 'juliet');
  const { id } = devices.find((one) => one.resources.includes('phone'))!;
  await list.revoke(BY, 'example.test', 'juliet', id);
  assert.equal(phone.ended?.condition, 'not-authorized');
  assert.deepEqual(
    (await scene.stores.push.of((await scene.account(J)).id)).map(({ node }) => node),
    ['tablet'],
  );
});

test('attack: a device asks to be woken in the very moment in which its access or the password is taken', async (t) => {
  const { scene, phone } = await open(t);
  const account = await scene.account(J);
  const { devices } = await scene.commands.devices.list('example.test', 'juliet');
  // The request waits its turn behind something else of the account's, and the session is over when that comes.
  const before = Promise.withResolvers<void>();
  const busy = scene.host('example.test').changes.run(account.id, () => before.promise);
  const asking = phone.sends(enabling('late').replace('<iq ', "<iq id='late' "));
  await scene.commands.devices.revoke(BY, 'example.test', 'juliet', devices[0]!.id);
  before.resolve();
  await Promise.all([busy, asking]);
  assert.deepEqual(await scene.stores.push.of(account.id), []);

  const again = await scene.comes(`${J}/phone`);
  scene.db.lag = 15;
  const changing = scene.commands.accounts.setPassword(BY, 'example.test', 'juliet', { password: 'another one' });
  const flood = (async () => {
    for (let done = false; !done; ) {
      done = again.ended !== undefined;
      await again.sends(enabling('flood').replace('<iq ', "<iq id='f' "));
    }
  })();
  await Promise.all([changing, flood]);
  await scene.settle();
  assert.deepEqual(await scene.stores.push.of(account.id), []);
});

test('attack: a push that waits for its time is not sent once the device, the password or the account is no more', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const tick = clock(t);
  const { accounts } = scene.commands;
  const takes: [string, () => Promise<unknown>][] = [
    ['disabled', () => accounts.disable(BY, 'example.test', 'juliet')],
    ['password', () => accounts.setPassword(BY, 'example.test', 'juliet', { password: 'another one' })],
    ['removed', () => accounts.remove(BY, 'example.test', 'juliet', J)],
  ];
  phone.leaves();
  for (const [name, take] of [['nothing', async () => undefined] as const, ...takes]) {
    const one = await scene.comes(`${J}/phone`);
    await one.gets(enabling(name));
    one.leaves();
    await chat(romeo, 'at once');
    const first = await pushed(app);
    assert.equal(find(first, 'pubsub', 'publish')?.attrs.node, name);
    await chat(romeo, 'a little later');
    await take();
    tick(20_000);
    await scene.settle();
    if (name === 'nothing') await pushed(app);
    else await app.receivesNothing();
    if (name === 'disabled') await accounts.enable(BY, 'example.test', 'juliet');
    if (name !== 'removed') await scene.stores.push.clear((await scene.account(J)).id);
  }
});

test('XEP-0077 §3.3, attack: a thief of the password who had the same resource is not told of messages after it was changed', async (t) => {
  const { scene, phone } = await open(t);
  await phone.gets(enabling('of the thief'));
  phone.leaves();
  await sleep(2);
  const mine = await scene.comes(`${J}/phone`);
  await mine.gets(enabling('mine'));
  const tablet = await scene.comes(`${J}/tablet`);
  await tablet.gets(enabling('tablet'));
  const inner = '<username>juliet</username><password>another one 1</password>';
  await mine.gets(`<iq type='set'><query xmlns='jabber:iq:register'>${inner}</query></iq>`);
  const left = await scene.stores.push.of((await scene.account(J)).id);
  assert.deepEqual(
    left.map(({ node }) => node),
    ['mine'],
  );
});

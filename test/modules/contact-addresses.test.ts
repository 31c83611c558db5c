import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAPS_NODE } from '../../server/host/host.ts';
import { capsHash } from '../../server/xmpp/caps.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { Appliance } from '../support/appliance.ts';
import { openScene } from '../support/scene.ts';
import { XmppClient } from '../support/xmpp-client.ts';

const OLGA = { name: 'olga', door: 'panel' } as const;
const FORM_TYPE = 'http://jabber.org/network/serverinfo';
const ask = (to: string, node = '') =>
  `<iq type='get' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'${node && ` node='${node}'`}/></iq>`;

test('XEP-0157 §3, XEP-0128: who was named is in the next answer to disco#info, under the domain that they are named for', async (t) => {
  const scene = await openScene(t, { domains: ['example.test', 'second.test'] });
  const juliet = await scene.connect('juliet@example.test/balcony');
  assert.ok(!serialize(await juliet.gets(ask('example.test'))).includes(FORM_TYPE));
  await scene.commands.contacts.set(OLGA, 'example.test', {
    'abuse-addresses': ['mailto:abuse@example.test', 'xmpp:abuse@example.test'],
    'support-addresses': ['https://example.test/help?a=1&b=2'],
  });
  await juliet.sends(ask('example.test').replace('iq', "iq id='d1'"));
  const answer = await juliet.receives(`<iq type='result' id='d1' from='example.test'>
    <query xmlns='http://jabber.org/protocol/disco#info'>
      <x xmlns='jabber:x:data' type='result'>
        <field var='FORM_TYPE' type='hidden'><value>${FORM_TYPE}</value></field>
        <field var='abuse-addresses'><value>mailto:abuse@example.test</value><value>xmpp:abuse@example.test</value></field>
        <field var='support-addresses'><value>https://example.test/help?a=1&amp;b=2</value></field>
      </x>
    </query>
  </iq>`);
  assert.ok(!serialize(answer).includes('sales-addresses'), 'nobody is named by an empty field');
  assert.ok(!serialize(await juliet.gets(ask('second.test'))).includes(FORM_TYPE));
  await scene.commands.contacts.set(OLGA, 'example.test', {});
  assert.ok(!serialize(await juliet.gets(ask('example.test'))).includes(FORM_TYPE));
});

test('XEP-0115 §6.2: the hash follows, and the old one is nobody’s any more, so that no client keeps a wrong answer', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const node = () => `${CAPS_NODE}#${capsHash(scene.host('example.test').capabilities)}`;
  const before = node();
  await juliet.gets(ask('example.test', before));
  await scene.commands.contacts.set(OLGA, 'example.test', { 'admin-addresses': ['mailto:olga@example.test'] });
  assert.notEqual(node(), before);
  await juliet.isRefused(ask('example.test', before), 'item-not-found');
  assert.ok(serialize(await juliet.gets(ask('example.test', node()))).includes('mailto:olga@example.test'));
  await scene.commands.contacts.set(OLGA, 'example.test', {});
  assert.equal(node(), before);
});

test('through the real server: set by hallwayctl, shown to a client that is connected, and still there after a restart', async () => {
  await using appliance = await Appliance.start();
  await appliance.addPerson('juliet', 'what is in a name');
  const login = () => XmppClient.login(appliance, 'juliet', 'what is in a name');
  const info = async (app: XmppClient) => {
    const answer = await app.ask(ask(appliance.domain).replace('iq', "iq id='d'"), 'd');
    return answer.toString();
  };
  const first = await login();
  assert.ok(!(await info(first)).includes(FORM_TYPE));
  const set = await appliance.ctl(['domain', 'contacts', appliance.domain, '--abuse', 'mailto:abuse@example.test']);
  assert.equal(set.code, 0, set.stderr);
  assert.match(await info(first), /"abuse-addresses"><value>mailto:abuse@example\.test<\/value>/);
  first.cut();
  await appliance.restart();
  const second = await login();
  assert.match(await info(second), /mailto:abuse@example\.test/);
  second.cut();
});

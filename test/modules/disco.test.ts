import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { CAPS_NODE } from '../../server/host/host.ts';
import { capsElement } from '../../server/xmpp/caps.ts';
import { child, type Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';

const INFO = 'http://jabber.org/protocol/disco#info';
const ITEMS = 'http://jabber.org/protocol/disco#items';
const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';

const ask = (xmlns: string, to?: string, node?: string): string =>
  `<iq type='get' ${to === undefined ? '' : `to='${to}'`}><query xmlns='${xmlns}' ${node === undefined ? '' : `node='${node}'`}/></iq>`;

async function queryOf(actor: Actor, xml: string): Promise<Element> {
  const query = elements(await actor.gets(xml))[0];
  assert.ok(query !== undefined, 'the answer is empty');
  return query;
}

const featuresOf = (query: Element): string[] => query.getChildren('feature').map(({ attrs }) => String(attrs.var));
const itemsOf = (query: Element): string[] => query.getChildren('item').map(({ attrs }) => String(attrs.jid));

/** XEP-0115 §5.1, read anew: what a client makes of an answer. */
function verification(query: Element): string {
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const part = (value: unknown) => (value === undefined ? '' : String(value));
  const identities = query
    .getChildren('identity')
    .map(({ attrs }) => [attrs.category, attrs.type, attrs['xml:lang'], attrs.name].map(part).join('/'));
  const forms = query.getChildren('x').map((x) => {
    const fields = x.getChildren('field').map((field) => ({
      name: String(field.attrs.var),
      values: field.getChildren('value').map(textOf).sort(byBytes),
    }));
    const type = fields.find(({ name }) => name === 'FORM_TYPE')!.values[0]!;
    const rest = fields.filter(({ name }) => name !== 'FORM_TYPE').sort((a, b) => byBytes(a.name, b.name));
    return [type, ...rest.flatMap(({ name, values }) => [name, ...values])];
  });
  const forth = forms.sort((a, b) => byBytes(a[0]!, b[0]!)).flat();
  const all = [...identities.sort(byBytes), ...featuresOf(query).sort(byBytes), ...forth];
  return createHash('sha1')
    .update(`${all.join('<')}<`)
    .digest('base64');
}

describe('XEP-0030 §3: what the server is and can', () => {
  test('an IM server, with a feature for everything that its modules do, each once', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.sends(`<iq type='get' id='d1' to='example.test'><query xmlns='${INFO}'/></iq>`);
    const answer = await juliet.receives(`<iq type='result' id='d1' from='example.test' to='${JULIET}/balcony'>
      <query xmlns='${INFO}'><identity category='server' type='im' name='Hallway'/></query></iq>`);
    const features = featuresOf(child(answer, 'query', INFO)!);
    assert.deepEqual(features, [...new Set(features)], 'a feature stands there twice');
    const wanted = [
      INFO,
      ITEMS,
      'http://jabber.org/protocol/caps',
      'http://jabber.org/protocol/commands',
      'jabber:iq:last',
      'jabber:iq:version',
      'msgoffline',
      'urn:xmpp:blocking',
      'urn:xmpp:carbons:2',
      'urn:xmpp:ping',
      'urn:xmpp:time',
    ];
    assert.deepEqual(
      wanted.filter((feature) => !features.includes(feature)),
      [],
    );
  });

  test('§4: without services there is nothing else to be found, and no node that is not known', async (t) => {
    const scene = await openScene(t, { components: [] });
    const juliet = await scene.connect(`${JULIET}/balcony`);
    assert.deepEqual(elements(await queryOf(juliet, ask(ITEMS, 'example.test'))), []);
    for (const node of ['nowhere', '', `${CAPS_NODE}#stale`, '__proto__']) {
      await juliet.isRefused(ask(INFO, 'example.test', node), 'item-not-found');
      await juliet.isRefused(ask(ITEMS, 'example.test', node), 'item-not-found');
    }
  });
});

describe('XEP-0115: capabilities', () => {
  const addresses = {
    'admin-addresses': ['xmpp:a@example.test', 'mailto:b@example.test'],
    'abuse-addresses': ['mailto:c@example.test'],
  };
  for (const [name, contactAddresses] of [
    ['without a form', {}],
    ['with a form', addresses],
  ] as const) {
    test(`§5.4, §6.3: the hash in the stream features is that of what is answered under its node, ${name}`, async (t) => {
      const scene = await openScene(t);
      await scene.commands.contacts.set({ name: 'office', door: 'panel' }, 'example.test', contactAddresses);
      const juliet = await scene.connect(`${JULIET}/balcony`);
      const c = capsElement(CAPS_NODE, scene.host('example.test').capabilities);
      assert.equal(c.attrs.hash, 'sha-1');
      const node = `${c.attrs.node}#${c.attrs.ver}`;
      const under = await queryOf(juliet, ask(INFO, 'example.test', node));
      assert.equal(under.attrs.node, node);
      assert.equal(verification(under), c.attrs.ver);
      const plain = await queryOf(juliet, ask(INFO, 'example.test'));
      assert.deepEqual(elements(plain).map(serialize), elements(under).map(serialize));
    });
  }
});

describe('XEP-0030 §8: what an account is', () => {
  test('one’s own: a registered account, with what it can', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    for (const to of [undefined, JULIET]) {
      const query = await queryOf(juliet, ask(INFO, to));
      assert.deepEqual(query.getChildren('identity').map(serialize), [
        "<identity category='account' type='registered'/>",
        "<identity category='pubsub' type='pep'/>",
      ]);
      const features = featuresOf(query);
      const wanted = [INFO, 'urn:xmpp:mam:2', 'urn:xmpp:sid:0', 'urn:xmpp:carbons:2', 'urn:xmpp:blocking'];
      assert.deepEqual(
        wanted.filter((feature) => !features.includes(feature)),
        [],
      );
      assert.deepEqual(features, [...new Set(features)]);
    }
    await juliet.isRefused(ask(INFO, JULIET, 'nowhere'), 'item-not-found');
    await juliet.isRefused(ask(ITEMS, JULIET, 'nowhere'), 'item-not-found');
  });

  for (const [state, allowed] of [
    ['none', false],
    ['to', false],
    ['from', true],
    ['both', true],
  ] as const) {
    test(`another’s, whose subscription is ‘${state}’: ${allowed ? 'told' : 'not told'}`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.connect(`${JULIET}/balcony`);
      await scene.friends(ROMEO, JULIET, state);
      for (const xmlns of [INFO, ITEMS]) {
        if (allowed) await juliet.gets(ask(xmlns, ROMEO));
        else await juliet.isRefused(ask(xmlns, ROMEO), 'service-unavailable');
      }
    });
  }

  test('whether there is such an account is not told to strangers, by no word', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await scene.account(ROMEO);
    const requests = [
      `<query xmlns='${INFO}'/>`,
      `<query xmlns='${INFO}' node='x'/>`,
      `<query xmlns='${ITEMS}'/>`,
      "<ping xmlns='urn:xmpp:ping'/>",
      "<query xmlns='jabber:iq:roster'/>",
      "<vCard xmlns='vcard-temp'/>",
      "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='x'/></pubsub>",
    ];
    for (const request of requests) {
      const answers: string[] = [];
      for (const local of ['romeo', 'nobody']) {
        for (const resource of ['', '/orchard']) {
          const answer = await juliet.asks(
            `<iq type='get' id='i' to='${local}@example.test${resource}'>${request}</iq>`,
          );
          answers.push(serialize(answer).replaceAll(`${local}@example.test${resource}`, 'them'));
        }
      }
      assert.equal(new Set(answers).size, 1, answers.join('\n'));
    }
  });
});

describe('XEP-0030 §4: the devices of an account', () => {
  async function household(scene: Scene): Promise<{ juliet: Actor; romeo: Actor }> {
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    await scene.connect(`${ROMEO}/hiding`);
    return { juliet: await scene.connect(`${JULIET}/balcony`), romeo };
  }

  test('one’s own: all of them', async (t) => {
    const scene = await openScene(t);
    const { romeo } = await household(scene);
    assert.deepEqual(itemsOf(await queryOf(romeo, ask(ITEMS))), [`${ROMEO}/orchard`, `${ROMEO}/hiding`]);
  });

  test('another’s: those whose presence one sees', async (t) => {
    const scene = await openScene(t);
    await scene.friends(ROMEO, JULIET, 'from');
    const { juliet } = await household(scene);
    assert.deepEqual(itemsOf(await queryOf(juliet, ask(ITEMS, ROMEO))), [`${ROMEO}/orchard`]);
  });

  test('a device answers for itself', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await household(scene);
    await juliet.sends(`<iq type='get' id='d1' to='${ROMEO}/orchard'><query xmlns='${INFO}'/></iq>`);
    await romeo.receives(`<iq type='get' id='d1' from='${JULIET}/balcony'><query xmlns='${INFO}'/></iq>`);
    await romeo.sends(`<iq type='result' id='d1' to='${JULIET}/balcony'><query xmlns='${INFO}'/></iq>`);
    await juliet.receives(`<iq type='result' id='d1' from='${ROMEO}/orchard'><query xmlns='${INFO}'/></iq>`);
  });
});

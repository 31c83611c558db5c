import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { proxyAddresses, proxyOn } from '../../../server/components/bytestreams/options.ts';
import { whatIsWrong } from '../../../server/host/options.ts';
import { addComponent, componentComes } from '../../support/component.ts';
import { openScene } from '../../support/scene.ts';
import { activation, opened } from '../../support/socks.ts';
import { conditionOf, find } from '../../support/xml.ts';

const J = 'juliet@example.test/balcony';
const PROXY = 'proxy.example.test';
const ITEMS = "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>";
const INFO = `<iq type='get' to='${PROXY}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
const ADDRESS = `<iq type='get' to='${PROXY}'><query xmlns='http://jabber.org/protocol/bytestreams'/></iq>`;

describe('XEP-0065 §4: the proxy is found', () => {
  test('in the list of services, by its identity and its feature', async (t) => {
    const scene = await openScene(t);
    await opened(scene);
    const juliet = await scene.comes(J);
    assert.match(String(await juliet.gets(ITEMS)), /<item jid=.proxy\.example\.test. name=.File proxy.\/>/);
    const info = String(await juliet.gets(INFO));
    assert.match(info, /<identity category=.proxy. type=.bytestreams./);
    assert.match(info, /<feature var=.http:\/\/jabber\.org\/protocol\/bytestreams.\/>/);
    assert.doesNotMatch(info, /bytestreams#udp/); // §8.1
  });

  test('and tells its address: host, port and its own JID', async (t) => {
    const scene = await openScene(t);
    const port = await opened(scene);
    const juliet = await scene.comes(J);
    const query = find(await juliet.gets(ADDRESS), 'query')!;
    assert.equal(query.children.length, 1);
    assert.deepEqual(find(query, 'streamhost')?.attrs, { host: '127.0.0.1', jid: PROXY, port: String(port) });
  });

  test('or the addresses that an administrator wrote, in this order', async (t) => {
    const scene = await openScene(t);
    const port = await opened(scene);
    const juliet = await scene.comes(J);
    const written = [
      'files.example.com',
      '203.0.113.7:9999',
      '2001:DB8:0::7',
      '[2001:db8::7]:7778',
      'files.example.com',
    ];
    assert.equal(whatIsWrong(proxyAddresses, written), undefined);
    await scene.house.options.set(proxyAddresses, '', written);
    const answer = String(await juliet.gets(ADDRESS));
    const found = [...answer.matchAll(/host="([^"]*)" jid="proxy\.example\.test" port="(\d+)"/g)].map(
      ([, host, at]) => `${host} ${at}`,
    );
    assert.deepEqual(found, [
      `files.example.com ${port}`,
      '203.0.113.7 9999',
      `2001:db8::7 ${port}`,
      '2001:db8::7 7778',
    ]);
  });

  test('which must be addresses', () => {
    for (const bad of [
      'a b',
      'x:0',
      'x:65536',
      'x:y',
      '[files.example.com]:1',
      '1.2.3',
      'fe80::1%eth0',
      'a_b',
      '/',
      ':',
    ])
      assert.match(whatIsWrong(proxyAddresses, [bad]) ?? '', /is no address/, bad);
  });

  test('§4: it is not listed, and refuses with not-allowed, while it is switched off or nothing listens', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const juliet = await scene.comes(J);
    const refuses = async (): Promise<void> => {
      assert.doesNotMatch(String(await juliet.gets(ITEMS)), /proxy/);
      for (const one of [INFO, ADDRESS, activation('s', 'romeo@example.test/x')])
        await juliet.isRefused(one, 'not-allowed');
    };
    await refuses();
    await opened(scene);
    await juliet.gets(ADDRESS);
    await scene.house.options.set(proxyOn, 'example.test', false);
    await refuses();
    const stranger = await scene.comes('mercutio@other.test/street');
    await stranger.gets(ADDRESS.replace(PROXY, 'proxy.other.test'));
  });
});

describe('§4: it is for people of its own domain', () => {
  test('attack: somebody of another domain of this house has files passed on: forbidden', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    await opened(scene);
    const stranger = await scene.comes('mercutio@other.test/street');
    await stranger.isRefused(ADDRESS, 'forbidden');
    await stranger.isRefused(activation('s', J), 'forbidden');
    await stranger.gets(INFO);
  });

  test('attack: a component asks, as itself or as one of its people: forbidden', async (t) => {
    const scene = await openScene(t);
    await opened(scene);
    const weather = await componentComes(
      scene,
      'weather.example.test',
      await addComponent(scene, 'weather.example.test'),
    );
    for (const from of ['weather.example.test', 'rome@weather.example.test/sky']) {
      weather.write(ADDRESS.replace('<iq', `<iq id='a' from='${from}'`));
      assert.equal(conditionOf(await weather.receives(`<iq type='error' id='a' to='${from}'/>`)), 'forbidden');
      weather.write(activation('s', J).replace('<iq', `<iq id='b' from='${from}'`));
      assert.equal(conditionOf(await weather.receives(`<iq type='error' id='b' to='${from}'/>`)), 'forbidden');
    }
  });

  test('attack: a component asks as somebody who has an account here: its stream ends', async (t) => {
    const scene = await openScene(t);
    await opened(scene);
    await scene.comes(J);
    const weather = await componentComes(
      scene,
      'weather.example.test',
      await addComponent(scene, 'weather.example.test'),
    );
    weather.write(ADDRESS.replace('<iq', `<iq id='a' from='${J}'`));
    await weather.fails('invalid-from');
  });
});

import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0030 §3.1: the server says that it is an IM server', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends(
    "<iq type='get' id='d1' to='example.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  );
  await juliet.receives(`<iq type='result' id='d1' from='example.test'>
    <query xmlns='http://jabber.org/protocol/disco#info'>
      <identity category='server' type='im'/><feature var='http://jabber.org/protocol/disco#info'/>
    </query></iq>`);
});

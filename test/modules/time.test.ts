import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zone } from '../../server/modules/time.ts';
import { textOf } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

test('XEP-0202 §3: the server tells the time, in UTC, and how far its own clock face is from it', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const before = Date.now();
  await juliet.sends("<iq type='get' id='t1' to='example.test'><time xmlns='urn:xmpp:time'/></iq>");
  const answer = await juliet.receives(`<iq type='result' id='t1' from='example.test'>
    <time xmlns='urn:xmpp:time'><tzo/><utc/></time></iq>`);
  const utc = textOf(find(answer, 'time', 'utc'));
  assert.match(utc, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/); // XEP-0202 §3: UTC, ending in Z
  assert.ok(Date.parse(utc) >= before - 1 && Date.parse(utc) <= Date.now() + 1, utc);
  assert.equal(textOf(find(answer, 'time', 'tzo')), zone(-new Date().getTimezoneOffset()));
});

test('XEP-0082 §3.2: zones east and west of Greenwich, also those of half an hour', () => {
  const faces = {
    0: 'Z',
    60: '+01:00',
    330: '+05:30',
    840: '+14:00',
    [-30]: '-00:30',
    [-210]: '-03:30',
    [-720]: '-12:00',
  };
  for (const [minutes, text] of Object.entries(faces)) assert.equal(zone(Number(minutes)), text);
});

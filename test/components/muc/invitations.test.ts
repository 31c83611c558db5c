import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Element, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { enters, leave, MUC, makes, ROOM } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const N = 'nurse@example.test';
const user = (inner: string): string => `<x xmlns='${MUC}#user'>${inner}</x>`;
const inviting = (to: string, inner = '', more = ''): string =>
  `<message to='${ROOM}' id='i'>${user(`<invite to='${to}'${more}>${inner}</invite>`)}</message>`;
const declining = (to: string, reason = ''): string =>
  `<message to='${ROOM}' id='d'>${user(`<decline to='${to}'><reason>${reason}</reason></decline>`)}</message>`;

/** The condition of the refusal that came, if one came. */
async function refusal(actor: Actor): Promise<string | undefined> {
  const errors = (await actor.all()).filter(({ attrs }) => attrs.type === 'error');
  return errors[0] && conditionOf(errors[0]);
}

/** Juliet’s room with Romeo in it. */
async function open(t: Parameters<typeof openScene>[0], change: Record<string, unknown> = {}) {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  const juliet = await scene.comes(`${J}/balcony`);
  const romeo = await scene.comes(`${R}/orchard`);
  await makes(juliet, 'Juliet');
  await juliet.sends(leave('Juliet'));
  await juliet.all();
  await become(scene, change);
  await enters(juliet, 'Juliet');
  await enters(romeo, 'Romeo', `<password>${String(change.password ?? '')}</password>`);
  await juliet.all();
  return { scene, juliet, romeo };
}

async function become(scene: Scene, change: Record<string, unknown>): Promise<void> {
  const { rooms } = scene.stores;
  const stored = (await rooms.get('conference.example.test', 'garden'))!;
  await rooms.configure(stored.id, { ...stored.config, ...change });
  const member = { jid: R, affiliation: 'member', nick: '', reason: '' } as const;
  await rooms.affiliate(stored.id, [member]);
}

describe('invitations through a room (XEP-0045 §7.8.2)', () => {
  test('§7.8.2: the room passes it on with reason and password; who invites is known by the room’s name for them', async (t) => {
    const { scene, romeo } = await open(t, { password: 'rose' });
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(inviting(N, '<reason>Come &lt;here&gt;</reason>'));
    const got = await nurse.receives(
      `<message from='${ROOM}' to='${N}' id='i'>${user(`<invite from='${ROOM}/Romeo'><reason>Come &lt;here&gt;</reason></invite><password>rose</password>`)}</message>`,
    );
    assert.doesNotMatch(serialize(got), /romeo@/);
    assert.equal(await refusal(romeo), undefined);
  });

  test('§7.8.2: in a room where all see addresses it is from the inviter’s address', async (t) => {
    const { scene, romeo } = await open(t, { openAddresses: true });
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(inviting(N));
    await nurse.receives(`<message from='${ROOM}'>${user(`<invite from='${R}'/>`)}</message>`);
  });

  test('§7.9: it says that a chat is continued, and of which thread; several people at once', async (t) => {
    const { scene, romeo } = await open(t);
    const nurse = await scene.comes(`${N}/kitchen`);
    const paris = await scene.comes('paris@example.test/church');
    const one = (to: string): string => `<invite to='${to}'><reason>both</reason><continue thread='t1'/></invite>`;
    await romeo.sends(`<message to='${ROOM}'>${user(one(`${N}/kitchen`) + one('paris@example.test/gone'))}</message>`);
    const inner = user(`<invite from='${ROOM}/Romeo'><reason>both</reason><continue thread='t1'/></invite>`);
    await nurse.receives(`<message from='${ROOM}' to='${N}/kitchen'>${inner}</message>`);
    await paris.receives(`<message from='${ROOM}' to='paris@example.test'>${inner}</message>`);
  });

  test('§7.8.2: who is away finds it when they come', async (t) => {
    const { scene, romeo } = await open(t);
    await scene.account(N);
    await romeo.sends(inviting(N, '<reason>later</reason>'));
    assert.equal(await refusal(romeo), undefined);
    const nurse = await scene.connect(`${N}/kitchen`);
    await nurse.sends('<presence/>');
    const got = (await nurse.all()).find(({ name }) => name === 'message')!;
    assert.match(serialize(got), /<invite from='garden@conference\.example\.test\/Romeo'><reason>later<.*<delay/);
  });

  test('§7.8.2: who is invited into a room for members becomes one, if the inviter may do that', async (t) => {
    const { scene, juliet, romeo } = await open(t, { membersOnly: true, allowInvites: true });
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(inviting(N));
    await nurse.receives(`<message from='${ROOM}'/>`);
    await enters(nurse, 'Nurse');
    const stored = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    const members = await scene.stores.rooms.members(stored.id);
    assert.equal(members.find(({ jid }) => jid === N)?.affiliation, 'member');
    await juliet.all();
  });

  for (const [config, who, may] of [
    [{ membersOnly: true, allowInvites: false }, 'romeo', false],
    [{ membersOnly: true, allowInvites: false }, 'juliet', true],
    [{ membersOnly: false, allowInvites: false }, 'romeo', false],
    [{ membersOnly: false, allowInvites: false }, 'juliet', true],
    [{ membersOnly: false, allowInvites: true }, 'paris', true],
  ] as const) {
    test(`§7.8.2: with ${JSON.stringify(config)} ${who} ${may ? 'invites' : 'is refused'}`, async (t) => {
      const { scene, juliet, romeo } = await open(t, config);
      const nurse = await scene.comes(`${N}/kitchen`);
      let actor = who === 'juliet' ? juliet : romeo;
      if (who === 'paris') {
        actor = await scene.comes('paris@example.test/church');
        await enters(actor, 'Paris');
      }
      await actor.all();
      await actor.sends(inviting(N));
      assert.equal(await refusal(actor), may ? undefined : 'forbidden');
      assert.equal((await nurse.all()).length, may ? 1 : 0);
    });
  }

  test('§7.8.2: nobody there is told to the inviter, and reads like somebody who has blocked the room', async (t) => {
    const { scene, romeo } = await open(t, { membersOnly: true });
    const nurse = await scene.comes(`${N}/kitchen`);
    await nurse.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${ROOM}'/></block></iq>`);
    await nurse.all();
    const told: Element[] = [];
    for (const to of ['nobody@example.test', N]) {
      await romeo.sends(inviting(to));
      told.push(...(await romeo.all()));
    }
    const [one, other] = told.map((error) => serialize(error).replace(/nobody|nurse/, 'X'));
    assert.match(one!, /<item-not-found/);
    assert.equal(one, other);
    const stored = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    const members = await scene.stores.rooms.members(stored.id);
    assert.ok(!members.some(({ jid }) => jid === 'nobody@example.test'), 'nobody is no member');
  });

  test('an invitation that is none is refused: no address, the service, too long a reason, another type', async (t) => {
    const { juliet } = await open(t);
    for (const [xml, condition] of [
      [inviting('@@'), 'jid-malformed'],
      [inviting('example.test'), 'item-not-found'],
      [inviting(`other@conference.example.test`), 'item-not-found'],
      [inviting(N, `<reason>${'x'.repeat(1_001)}</reason>`), 'not-acceptable'],
      [inviting(N).replace('<message', "<message type='chat'"), 'bad-request'],
      [`<message to='${ROOM}'>${user(`<invite to='${N}'/>`.repeat(21))}</message>`, 'not-acceptable'],
    ] as const) {
      await juliet.sends(xml);
      assert.equal(await refusal(juliet), condition, xml.slice(0, 200));
    }
  });

  test('attack: an invitation in somebody else’s name, or with a password of the sender’s choice', async (t) => {
    const { scene, romeo } = await open(t);
    const nurse = await scene.comes(`${N}/kitchen`);
    const forged = inviting(N, '', ` from='${J}'`).replace('</x>', '<password>forged</password></x>');
    await romeo.sends(forged.replace('</message>', '<body>buy</body></message>'));
    const [got, ...more] = await nurse.all();
    assert.deepEqual(more, []);
    assert.doesNotMatch(serialize(got!), /juliet|forged|buy/);
    assert.match(serialize(got!), /<invite from='[^']*\/Romeo'\/>/);
  });

  test('attack: an invitation by somebody who is not in the room', async (t) => {
    const { scene } = await open(t);
    const paris = await scene.comes('paris@example.test/church');
    const nurse = await scene.comes(`${N}/kitchen`);
    await paris.sends(inviting(N));
    assert.equal(await refusal(paris), 'not-acceptable');
    await nurse.receivesNothing();
  });

  test('attack: a flood of invitations, to one person and to many', async (t) => {
    const { scene, romeo } = await open(t);
    const nurse = await scene.comes(`${N}/kitchen`);
    for (let i = 0; i < 10; i++) await romeo.sends(inviting(N));
    assert.equal((await nurse.all()).length, 3);
    assert.equal(await refusal(romeo), 'resource-constraint');
    let passed = 0;
    for (let i = 0; i < 60; i++) {
      await scene.account(`p${i}@example.test`);
      await romeo.sends(inviting(`p${i}@example.test`));
      if ((await refusal(romeo)) === undefined) passed++;
    }
    assert.equal(passed, 37);
  });

  test('attack: inviting to find out who is banned; who keeps the list is told', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const nurse = await scene.comes(`${N}/kitchen`);
    for (const one of [juliet, romeo]) {
      await one.sends(leave(one === juliet ? 'Juliet' : 'Romeo'));
      await one.all();
    }
    const stored = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    await scene.stores.rooms.affiliate(stored.id, [{ jid: N, affiliation: 'outcast', nick: '', reason: '' }]);
    await enters(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    await romeo.sends(inviting(N));
    assert.equal(await refusal(romeo), 'item-not-found');
    await juliet.sends(inviting(N));
    assert.equal(await refusal(juliet), 'forbidden');
    await nurse.receivesNothing();
  });
});

describe('declining (XEP-0045 §7.8.2)', () => {
  test('§7.8.2: who invited is told, once, with the reason; nobody else is', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(inviting(N));
    await nurse.all();
    await nurse.sends(declining(`${ROOM}/Romeo`, 'too old'));
    const got = await romeo.receives(
      `<message from='${ROOM}' id='d'>${user(`<decline from='${N}'><reason>too old</reason></decline>`)}</message>`,
    );
    assert.doesNotMatch(serialize(got), /kitchen/);
    await nurse.sends(declining(`${ROOM}/Romeo`, 'again'));
    await romeo.receivesNothing();
    await juliet.receivesNothing();
    await nurse.receivesNothing();
  });

  test('§7.8.2: after a restart, who invited is told still, though they are not in the room and away', async (t) => {
    for (const change of [{}, { openAddresses: true }, { membersOnly: true }]) {
      const { scene, romeo } = await open(t, change);
      await scene.account(N);
      await romeo.sends(inviting(N));
      await romeo.sends('<presence type="unavailable"/>');
      await scene.settle();
      await scene.hosts.remove('example.test');
      scene.hosts.add('example.test');
      const nurse = await scene.comes(`${N}/kitchen`);
      const paris = await scene.comes('paris@example.test/church');
      const as = 'openAddresses' in change ? R : `${ROOM}/Romeo`;
      await paris.sends(declining(as, 'spam'));
      await nurse.sends(declining(as, 'too old'));
      await nurse.sends(declining(as, 'again'));
      const back = await scene.connect(`${R}/orchard`);
      await back.sends('<presence/>');
      const told = (await back.all()).filter(({ name }) => name === 'message').map(serialize);
      assert.equal(told.length, 1, JSON.stringify(change));
      assert.match(told[0]!, /<decline from='nurse@example\.test'><reason>too old</);
      const member = await scene.stores.rooms.get('conference.example.test', 'garden');
      const members = await scene.stores.rooms.members(member!.id);
      assert.equal(members.find(({ jid }) => jid === N)?.affiliation, 'membersOnly' in change ? 'member' : undefined);
    }
  });

  test('SECURITY 50: whoever has the address of an inviter after them is not told who declined', async (t) => {
    const { scene, romeo } = await open(t);
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(inviting(N));
    await nurse.all();
    await scene.commands.accounts.remove({ name: 'olga', door: 'panel' }, 'example.test', 'romeo', R);
    const heir = await scene.comes(`${R}/new`);
    await nurse.sends(declining(`${ROOM}/Romeo`));
    await heir.receivesNothing();
  });

  test('attack: declining what one was not invited to writes to nobody and tells nothing', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const paris = await scene.comes('paris@example.test/church');
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(inviting(N));
    await nurse.all();
    for (const to of [`${ROOM}/Romeo`, R, J, `${ROOM}/Juliet`]) await paris.sends(declining(to, 'spam'));
    for (const one of [paris, romeo, juliet]) await one.receivesNothing();
  });

  test('of two who invited, the one that is named is told, though they have gone', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(inviting(N));
    await juliet.sends(inviting(N));
    await nurse.all();
    await romeo.sends(leave('Romeo'));
    await romeo.all();
    await juliet.all();
    await nurse.sends(declining('example.test', 'whose?'));
    await nurse.sends(declining(`${ROOM}/Romeo`));
    await romeo.receives(`<message from='${ROOM}'>${user(`<decline from='${N}'/>`)}</message>`);
    await juliet.receivesNothing();
  });
});

describe('direct invitations (XEP-0249)', () => {
  test('§2: it goes from one to the other as it is, and to who is away when they come', async (t) => {
    const { scene, romeo } = await open(t);
    const x = `<x xmlns='jabber:x:conference' jid='${ROOM}' password='p' reason='Come' continue='true' thread='t1'/>`;
    const nurse = await scene.comes(`${N}/kitchen`);
    await romeo.sends(`<message to='${N}' xml:lang='en' id='a'>${x}</message>`);
    await nurse.receives(`<message from='${R}/orchard' to='${N}' id='a'>${x}</message>`);
    await scene.account('paris@example.test');
    await romeo.sends(`<message to='paris@example.test'>${x}</message>`);
    const paris = await scene.connect('paris@example.test/church');
    await paris.sends('<presence/>');
    const got = (await paris.all()).find(({ name }) => name === 'message');
    assert.match(serialize(got!), /<x xmlns='jabber:x:conference' jid='garden@[^>]*thread='t1'\/>/);
  });
});

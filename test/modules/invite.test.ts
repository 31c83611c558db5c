import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peopleInvite, registrationRule } from '../../server/commands/onboarding-options.ts';
import { Ledger } from '../../server/host/ledger.ts';
import { child, type Element, elements, serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import type { Actor } from '../support/actor.ts';
import { COMMANDS, form, JULIET, OFFICE, PRINCE, palace, ROMEO, valuesOf } from '../support/ad-hoc.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { stanza } from '../support/xml.ts';

const INVITE = 'urn:xmpp:invite#invite';
const CREATE = 'urn:xmpp:invite#create-account';
const DOMAIN = 'example.test';
const ROSALINE = 'rosaline@elsewhere.test';

const execute = (node: string, more = '', content = ''): string =>
  `<iq type='set' to='${DOMAIN}'><command xmlns='${COMMANDS}' node='${node}' action='execute' ${more}>${content}</command></iq>`;
const decides = (scene: Scene, key: string, value: string) => scene.commands.options.set(OFFICE, key, value, DOMAIN);

async function runs(who: Actor, node: string): Promise<Element> {
  return child(await who.gets(execute(node)), 'command', COMMANDS)!;
}

function tokenIn(answer: Element): string {
  return /preauth=([a-z0-9]+)/.exec(valuesOf(answer, 'uri')![0]!)![1]!;
}

/** A token of Romeo's. */
async function romeosToken(scene: Scene): Promise<{ romeo: Actor; token: string; answer: Element }> {
  const romeo = await scene.comes(`${ROMEO}/orchard`);
  const answer = await runs(romeo, INVITE);
  return { romeo, token: tokenIn(answer), answer };
}

async function offered(who: Actor): Promise<string[]> {
  const answer = await who.gets(
    `<iq type='get' to='${DOMAIN}'><query xmlns='http://jabber.org/protocol/disco#items' node='${COMMANDS}'/></iq>`,
  );
  return elements(elements(answer)[0]!).map(({ attrs }) => attrs.node as string);
}

test('XEP-0401 §3: everybody finds what they may, and nothing else', async (t) => {
  const { scene, prince } = await palace(t);
  const romeo = await scene.comes(`${ROMEO}/orchard`);
  assert.deepEqual(await offered(romeo), [INVITE]);
  assert.deepEqual(
    (await offered(prince)).filter((node) => node.startsWith('urn:xmpp:invite')),
    [INVITE, CREATE],
  );
  await decides(scene, peopleInvite.key, 'nobody');
  assert.deepEqual(await offered(romeo), []);
  await romeo.isRefused(execute(INVITE), 'forbidden');
  await romeo.isRefused(execute(CREATE), 'forbidden');
});

test('XEP-0401 §5.1: one step gives the link, in both ways, and when it ends', async (t) => {
  const scene = await openScene(t);
  const { answer, token } = await romeosToken(scene);
  assert.equal(answer.attrs.status, 'completed');
  assert.deepEqual(valuesOf(answer, 'FORM_TYPE'), ['urn:xmpp:invite#invitation']);
  assert.equal(token.length, 28);
  assert.deepEqual(valuesOf(answer, 'uri'), [`xmpp:${ROMEO}?roster;preauth=${token}`]);
  assert.deepEqual(valuesOf(answer, 'landing-url'), [`https://example.test/invite/${token}`]);
  const days = (Date.parse(valuesOf(answer, 'expire')![0]!) - Date.now()) / 86_400_000;
  assert.ok(days > 6.9 && days <= 7, `${days} days`);
});

test('XEP-0401 §5.1: ibr=y only where people may let others in', async (t) => {
  const scene = await openScene(t);
  await decides(scene, peopleInvite.key, 'accounts');
  const { romeo, answer } = await romeosToken(scene);
  assert.match(valuesOf(answer, 'uri')![0]!, /;ibr=y$/);
  await decides(scene, registrationRule.key, 'closed');
  assert.doesNotMatch(valuesOf(await runs(romeo, INVITE), 'uri')![0]!, /ibr/);
});

test('XEP-0379 §3.5: who asks with the token is a contact at once, both ways, and neither is asked', async (t) => {
  const scene = await openScene(t);
  const { romeo, token } = await romeosToken(scene);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await juliet.sends(
    `<presence type='subscribe' to='${ROMEO}'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`,
  );
  await juliet.sends(`<presence type='subscribed' to='${ROMEO}'/>`);
  await scene.settle();
  assert.equal((await scene.item(ROMEO, JULIET))?.subscription, 'both');
  assert.equal((await scene.item(JULIET, ROMEO))?.subscription, 'both');
  const heard = (await romeo.all()).map(serialize);
  assert.ok(!heard.some((one) => one.includes("type='subscribe'")), heard.join('\n'));
  assert.ok(heard.some((one) => /<item[^>]*subscription='both'/.test(one) && one.includes(JULIET)));
  assert.ok(
    heard.some((one) => one.startsWith('<presence') && one.includes(`${JULIET}/balcony`)),
    'and sees her',
  );
  assert.ok(
    (await juliet.all()).map(serialize).some((one) => one.startsWith('<presence') && one.includes(`${ROMEO}/orchard`)),
  );
});

test('XEP-0379 §3.5 works while the inviter is away', async (t) => {
  const scene = await openScene(t);
  const { romeo, token } = await romeosToken(scene);
  romeo.leaves();
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await juliet.sends(
    `<presence type='subscribe' to='${ROMEO}'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`,
  );
  await scene.settle();
  assert.equal((await scene.item(ROMEO, JULIET))?.subscription, 'both');
});

test('XEP-0379 §4.1, attack: a token used twice, made up, or somebody else’s is as if there were none', async (t) => {
  const scene = await openScene(t);
  const { romeo, token } = await romeosToken(scene);
  await scene.account('nurse@example.test');
  const ask = (to: string, by: string) =>
    `<presence type='subscribe' to='${to}'><preauth xmlns='urn:xmpp:pars:0' token='${by}'/></presence>`;
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await juliet.sends(ask('nurse@example.test', token)); // Romeo's token for the nurse's list
  assert.equal((await scene.item('nurse@example.test', JULIET))?.subscription, 'none');
  await juliet.sends(ask(ROMEO, token));
  const tybalt = await scene.comes('tybalt@example.test/street');
  await romeo.all();
  for (const by of [token, 'x'.repeat(28), '']) await tybalt.sends(ask(ROMEO, by));
  await scene.settle();
  assert.equal((await scene.item(ROMEO, 'tybalt@example.test'))?.subscription, 'none');
  assert.ok(
    (await romeo.all()).some((one) => one.attrs.type === 'subscribe'),
    'he is asked by hand',
  );
});

test('attack: two who race for one token become contacts once', async (t) => {
  const scene = await openScene(t);
  const { token } = await romeosToken(scene);
  const names = ['juliet', 'tybalt', 'paris'];
  const actors = await Promise.all(names.map((name) => scene.comes(`${name}@${DOMAIN}/here`)));
  await Promise.all(
    actors.map((one) =>
      one.sends(
        `<presence type='subscribe' to='${ROMEO}'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`,
      ),
    ),
  );
  await scene.settle();
  const states = await Promise.all(
    names.map(async (name) => (await scene.item(ROMEO, `${name}@${DOMAIN}`))?.subscription),
  );
  assert.deepEqual(states.sort(), ['both', 'none', 'none']);
});

test('attack: an invitation to an account does not open a contact list, nor one to a contact list an account', async (t) => {
  const { scene, prince } = await palace(t);
  const id = elements(await prince.gets(execute(CREATE)))[0]!.attrs.sessionid as string;
  const made = await prince.gets(execute(CREATE, `sessionid='${id}'`, form({ username: '' })));
  const account = tokenIn(child(made, 'command', COMMANDS)!);
  const tybalt = await scene.comes('tybalt@example.test/street');
  await tybalt.sends(
    `<presence type='subscribe' to='${PRINCE}'><preauth xmlns='urn:xmpp:pars:0' token='${account}'/></presence>`,
  );
  await scene.settle();
  assert.equal((await scene.item(PRINCE, 'tybalt@example.test'))?.subscription, 'none');
  const { token } = await romeosToken(scene);
  await assert.rejects(scene.commands.registration.ticket(DOMAIN, token, '192.0.2.1'), { code: 'link-unknown' });
});

test('XEP-0401 §5.4: an administrator invites to an account by name; who comes has the inviter as contact by roster push', async (t) => {
  const { scene, prince } = await palace(t);
  await prince.gets("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>");
  const first = elements(await prince.gets(execute(CREATE)))[0]!;
  assert.equal(first.attrs.status, 'executing');
  const id = first.attrs.sessionid as string;
  const done = await prince.gets(execute(CREATE, `sessionid='${id}'`, form({ username: 'juliet' })));
  const answer = child(done, 'command', COMMANDS)!;
  const token = tokenIn(answer);
  assert.deepEqual(valuesOf(answer, 'uri'), [`xmpp:${JULIET}?register;preauth=${token}`]);
  assert.equal(await scene.stores.accounts.at(JULIET), undefined, '§6.2: not made before it is claimed');
  const { registration } = scene.commands;
  const from = { domain: DOMAIN, address: '192.0.2.1', door: 'chat' } as const;
  const ticket = await registration.ticket(DOMAIN, token, from.address);
  await registration.register({ ...from, local: 'juliet', password: 'wherefore', ticket });
  assert.equal((await scene.item(PRINCE, JULIET))?.subscription, 'both');
  assert.equal((await scene.item(JULIET, PRINCE))?.subscription, 'both');
  assert.ok((await prince.all()).map(serialize).some((one) => /subscription='both'/.test(one) && one.includes(JULIET)));
});

test('XEP-0401 §5.4: without roster-subscription nobody is anybody’s contact; an unfit name is refused', async (t) => {
  const { scene, prince } = await palace(t);
  const begin = async () => elements(await prince.gets(execute(CREATE)))[0]!.attrs.sessionid as string;
  await prince.isRefused(
    execute(CREATE, `sessionid='${await begin()}'`, form({ username: 'two words' })),
    'not-acceptable',
  );
  await prince.isRefused(execute(CREATE, `sessionid='${await begin()}'`, form({ username: 'escalus' })), 'conflict');
  const wish = form({ username: '', 'roster-subscription': '0' });
  const done = await prince.gets(execute(CREATE, `sessionid='${await begin()}'`, wish));
  const token = tokenIn(child(done, 'command', COMMANDS)!);
  const from = { domain: DOMAIN, address: '192.0.2.1', door: 'chat' } as const;
  const ticket = await scene.commands.registration.ticket(DOMAIN, token, from.address);
  await scene.commands.registration.register({ ...from, local: 'juliet', password: 'wherefore', ticket });
  assert.equal(await scene.item(PRINCE, JULIET), undefined);
});

test('attack: inviting without end: twenty that can still be used are the most of one person', async (t) => {
  const scene = await openScene(t);
  const { romeo } = await romeosToken(scene);
  for (let n = 1; n < 20; n++) await runs(romeo, INVITE);
  await romeo.isRefused(execute(INVITE), 'resource-constraint');
  const { invitations } = await scene.commands.invitations.list(DOMAIN);
  await scene.commands.invitations.revoke(OFFICE, invitations[0]!.id);
  await runs(romeo, INVITE);
});

test('attack: the invitations of somebody disabled, or deleted, open nothing (SECURITY 50)', async (t) => {
  const scene = await openScene(t);
  await decides(scene, peopleInvite.key, 'accounts');
  const { romeo, token } = await romeosToken(scene);
  const second = tokenIn(await runs(romeo, INVITE));
  const { accounts, registration } = scene.commands;
  const ticket = await registration.ticket(DOMAIN, second, '192.0.2.1');
  await accounts.disable(OFFICE, DOMAIN, 'romeo');
  await assert.rejects(registration.ticket(DOMAIN, token, '192.0.2.1'), { code: 'link-unknown' });
  const wish = { domain: DOMAIN, local: 'eve', password: 'wherefore', address: '192.0.2.1', door: 'chat' } as const;
  await assert.rejects(registration.register({ ...wish, ticket }), { code: 'link-unknown' });
  await accounts.enable(OFFICE, DOMAIN, 'romeo');
  await registration.ticket(DOMAIN, token, '192.0.2.1');
  await accounts.remove(OFFICE, DOMAIN, 'romeo', ROMEO);
  await scene.account(ROMEO);
  await assert.rejects(registration.register({ ...wish, ticket }), { code: 'link-unknown' });
  await assert.rejects(registration.ticket(DOMAIN, token, '192.0.2.1'), { code: 'link-unknown' });
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await juliet.sends(
    `<presence type='subscribe' to='${ROMEO}'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`,
  );
  assert.equal((await scene.item(ROMEO, JULIET))?.subscription, 'none');
});

test('XEP-0379 §3.5: for somebody of another server it is a subscription at once, and one asked for in return', async (t) => {
  const scene = await openScene(t);
  const { romeo, token } = await romeosToken(scene);
  await romeo.all();
  const sent: string[] = [];
  scene.house.router.fallback = { accept: ({ text }) => void sent.push(text) };
  const ask = (by: string) => {
    const request = stanza(`<presence type='subscribe'><preauth xmlns='urn:xmpp:pars:0' token='${by}'/></presence>`);
    return scene.host(DOMAIN).accept(new Stanza(request, parseJid(ROSALINE), parseJid(ROMEO)), new Ledger());
  };
  await ask(token);
  await scene.settle();
  const item = await scene.item(ROMEO, ROSALINE);
  assert.deepEqual([item?.subscription, item?.ask, item?.listed], ['from', true, true]);
  assert.ok(
    sent.some((text) => text.includes("type='subscribed'")),
    sent.join('\n'),
  );
  assert.ok(sent.some((text) => text.includes("type='subscribe'")));
  assert.ok(!(await romeo.all()).some((one) => one.attrs.type === 'subscribe'), 'he is not asked');
  await scene
    .host(DOMAIN)
    .accept(new Stanza(stanza("<presence type='subscribed'/>"), parseJid(ROSALINE), parseJid(ROMEO)), new Ledger());
  assert.equal((await scene.item(ROMEO, ROSALINE))?.subscription, 'both');
});

test('attack: who invites and has it used, again and again, fills no table', async (t) => {
  const scene = await openScene(t);
  const romeo = await scene.account(ROMEO);
  const { invitations } = scene.stores;
  const first = await scene.commands.invitations.createOwn(romeo);
  for (let i = 0; i < 120; i++) {
    const { invitation } = await scene.commands.invitations.createOwn(romeo);
    await invitations.use(invitation.id, `guest${i}@example.test`, null);
  }
  const { n } = (await scene.db.get<{ n: number }>({ text: 'SELECT count(*) AS n FROM invitation', values: [] }))!;
  assert.equal(n, 101, 'the hundred newest, and one that can still be used');
  assert.equal((await invitations.byId(first.invitation.id))?.left, 1);
});

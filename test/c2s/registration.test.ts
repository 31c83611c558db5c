import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { mayRemoveOwn, registrationRule } from '../../server/commands/onboarding-options.ts';
import type { Option } from '../../server/host/options.ts';
import type { Json } from '../../server/storage/stores/settings.ts';
import { child, type Element, elements, serialize } from '../../server/xmpp/element.ts';
import { openScene, type Scene, type SceneOptions } from '../support/scene.ts';
import { type DialOptions, dial, openDoor, type Wire } from '../support/wire.ts';
import { conditionOf } from '../support/xml.ts';

const OFFICE = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';
const REGISTER = 'jabber:iq:register';

interface House {
  readonly scene: Scene;
  readonly dials: (options?: DialOptions) => Wire;
  readonly decides: <T extends Json>(option: Option<T>, value: T) => Promise<void>;
  /** An invitation's token. */
  readonly invites: (
    wish?: { local?: string; uses?: number },
    domain?: string,
  ) => Promise<{ token: string; id: number }>;
}

async function house(t: TestContext, options: SceneOptions = {}): Promise<House> {
  const scene = await openScene(t, options);
  const door = openDoor(t, scene);
  return {
    scene,
    dials: (how) => dial(door, how).wire,
    decides: async (option, value) => void (await scene.commands.options.set(OFFICE, option.key, value, DOMAIN)),
    invites: async (wish = {}, domain = DOMAIN) => {
      const { url, invitation } = await scene.commands.invitations.create(OFFICE, domain, wish);
      return { token: url.split('/').at(-1)!, id: invitation.id };
    },
  };
}

const features = (offer: Element): string[] =>
  elements(offer)
    .filter(({ name }) => name === 'register')
    .map(({ attrs }) => attrs.xmlns);

let asked = 0;
async function asks(wire: Wire, type: 'get' | 'set', payload: string): Promise<Element> {
  const id = `r${++asked}`;
  wire.write(`<iq type='${type}' id='${id}' to='${DOMAIN}'>${payload}</iq>`);
  const answer = await wire.element();
  assert.equal(answer.attrs.id, id, serialize(answer));
  return answer;
}

const registers = (wire: Wire, name: string, password = 'wherefore art'): Promise<Element> =>
  asks(wire, 'set', `<query xmlns='${REGISTER}'><username>${name}</username><password>${password}</password></query>`);
const shows = (wire: Wire, token: string): Promise<Element> =>
  asks(wire, 'set', `<preauth xmlns='urn:xmpp:pars:0' token='${token}'/>`);

async function succeeds(answer: Promise<Element>): Promise<void> {
  const got = await answer;
  assert.equal(got.attrs.type, 'result', serialize(got));
}
async function isRefused(answer: Promise<Element>, condition: string): Promise<void> {
  const got = await answer;
  assert.equal(conditionOf(got), condition, serialize(got));
}

async function known(scene: Scene, local: string): Promise<boolean> {
  return (await scene.stores.accounts.find(DOMAIN, local)) !== undefined;
}

test('XEP-0445 §5: with an invitation somebody registers by name and password, and logs in on the same stream', async (t) => {
  const { scene, dials, invites } = await house(t);
  const { token } = await invites();
  const wire = dials();
  assert.deepEqual(features(await wire.opens(DOMAIN)), [
    'http://jabber.org/features/iq-register',
    'urn:xmpp:ibr-token:0',
    'urn:xmpp:invite',
  ]);
  await succeeds(shows(wire, token));
  const form = await asks(wire, 'get', `<query xmlns='${REGISTER}'/>`);
  const query = child(form, 'query', REGISTER)!;
  assert.ok(child(query, 'username') && child(query, 'password') && child(query, 'instructions'), serialize(form));
  assert.match(serialize(child(query, 'x', 'jabber:x:data')!), /FORM_TYPE.*jabber:iq:register.*username.*password/);
  await succeeds(registers(wire, 'Juliet'));
  assert.ok(await known(scene, 'juliet'), 'the name is prepared');
  assert.equal((await wire.plain('juliet', 'wherefore art')).name, 'success');
  assert.deepEqual(features(await wire.opens(DOMAIN)), [], 'nothing to register once logged in');
  const { rows } = await scene.commands.audit.page(undefined);
  assert.equal(rows[0]!.action, 'account.register');
  assert.ok(!JSON.stringify(rows).includes(token), 'SECURITY 67: the token is in no audit entry');
});

test('XEP-0077 §4: the data form will do as well as the fields', async (t) => {
  const { scene, dials, invites } = await house(t);
  const wire = dials();
  await wire.opens(DOMAIN);
  await succeeds(shows(wire, (await invites()).token));
  const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`;
  const x = `<x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', REGISTER)}${field('username', 'juliet')}${field('password', 'wherefore')}</x>`;
  await succeeds(asks(wire, 'set', `<query xmlns='${REGISTER}'><username>tybalt</username>${x}</query>`));
  assert.ok((await known(scene, 'juliet')) && !(await known(scene, 'tybalt')), 'the form takes precedence (§6)');
});

test('XEP-0445 §2.1: an invitation for one name fills it in, and lets nobody in by another (SECURITY 68)', async (t) => {
  const { scene, dials, invites } = await house(t);
  const wire = dials();
  await wire.opens(DOMAIN);
  const { token } = await invites({ local: 'juliet' });
  await succeeds(shows(wire, token));
  const form = await asks(wire, 'get', `<query xmlns='${REGISTER}'/>`);
  assert.match(serialize(form), /<username>juliet<\/username>/);
  await isRefused(registers(wire, 'tybalt'), 'not-acceptable');
  assert.equal(await known(scene, 'tybalt'), false);
  await succeeds(registers(wire, 'juliet'));
});

test('XEP-0445 §6: a name that somebody is invited to is kept for them', async (t) => {
  const { scene, dials, invites } = await house(t);
  await invites({ local: 'juliet' });
  const wire = dials();
  await wire.opens(DOMAIN);
  await succeeds(shows(wire, (await invites()).token));
  await isRefused(registers(wire, 'juliet'), 'conflict');
  await assert.rejects(scene.commands.accounts.create(OFFICE, DOMAIN, { local: 'juliet', generate: true }), {
    code: 'account-exists',
  });
  await succeeds(registers(wire, 'nurse'));
});

test('attack: registering in the clear (SECURITY 13)', async (t) => {
  const { scene, dials, decides } = await house(t);
  await decides(registrationRule, 'open');
  const wire = dials({ tls: false });
  assert.deepEqual(features(await wire.opens(DOMAIN)), []);
  wire.write(
    `<iq type='set' id='1'><query xmlns='${REGISTER}'><username>eve</username><password>listens</password></query></iq>`,
  );
  await wire.fails('not-authorized');
  assert.equal(await known(scene, 'eve'), false);
});

test('attack: registering without an invitation where one is needed', async (t) => {
  const { scene, dials } = await house(t);
  const wire = dials();
  await wire.opens(DOMAIN);
  await isRefused(asks(wire, 'get', `<query xmlns='${REGISTER}'/>`), 'forbidden');
  await isRefused(registers(wire, 'eve'), 'forbidden');
  await isRefused(shows(wire, 'a'.repeat(28)), 'item-not-found');
  await isRefused(registers(wire, 'eve'), 'forbidden');
  assert.equal(await known(scene, 'eve'), false);
});

test('attack: registering where only administrators make accounts, with an invitation from before', async (t) => {
  const { dials, decides, invites, scene } = await house(t);
  const { token } = await invites();
  const early = dials();
  await early.opens(DOMAIN);
  await succeeds(shows(early, token));
  await decides(registrationRule, 'closed');
  await isRefused(registers(early, 'eve'), 'service-unavailable');
  const wire = dials();
  assert.deepEqual(features(await wire.opens(DOMAIN)), []);
  await isRefused(asks(wire, 'get', `<query xmlns='${REGISTER}'/>`), 'service-unavailable');
  await isRefused(shows(wire, token), 'service-unavailable');
  assert.equal(await known(scene, 'eve'), false);
});

test('attack: an invitation used twice, one after the other and at once (SECURITY 68)', async (t) => {
  const { scene, dials, invites } = await house(t);
  const { token } = await invites();
  const wires = [dials(), dials(), dials()];
  for (const wire of wires) {
    await wire.opens(DOMAIN);
    await succeeds(shows(wire, token)); // not used up by being shown
  }
  const answers = await Promise.all(wires.map((wire, n) => registers(wire, `guest${n}`)));
  assert.deepEqual(answers.map(({ attrs }) => attrs.type).sort(), ['error', 'error', 'result']);
  assert.equal(await scene.stores.accounts.count(DOMAIN), 1, 'the losers’ accounts are not there');
  const late = dials();
  await late.opens(DOMAIN);
  await isRefused(shows(late, token), 'item-not-found');
});

test('an invitation for several lets in as many, each of them once', async (t) => {
  const { scene, dials, invites } = await house(t);
  const { token, id } = await invites({ uses: 2 });
  for (const name of ['romeo', 'mercutio']) {
    const wire = dials();
    await wire.opens(DOMAIN);
    await succeeds(shows(wire, token));
    await succeeds(registers(wire, name));
  }
  const wire = dials();
  await wire.opens(DOMAIN);
  await isRefused(shows(wire, token), 'item-not-found');
  const { invitations } = await scene.commands.invitations.list(DOMAIN);
  assert.deepEqual(
    invitations.map(({ id: one, state, usedBy, left }) => ({ one, state, usedBy, left })),
    [{ one: id, state: 'used', usedBy: ['romeo@example.test', 'mercutio@example.test'], left: 0 }],
  );
});

test('attack: an invitation that was taken back between being shown and being used', async (t) => {
  const { scene, dials, invites } = await house(t);
  const { token, id } = await invites();
  const wire = dials();
  await wire.opens(DOMAIN);
  await succeeds(shows(wire, token));
  await scene.commands.invitations.revoke(OFFICE, id);
  await isRefused(registers(wire, 'eve'), 'item-not-found');
  assert.equal(await known(scene, 'eve'), false);
});

test('attack: an invitation to one domain shown at another (SECURITY 68)', async (t) => {
  const { dials, invites } = await house(t, { domains: [DOMAIN, 'second.test'] });
  const { token } = await invites({}, 'second.test');
  const wire = dials();
  await wire.opens(DOMAIN);
  await isRefused(shows(wire, token), 'item-not-found');
});

test('attack: a link to reset a password shown as an invitation (SECURITY 68)', async (t) => {
  const { scene, dials } = await house(t);
  await scene.account('juliet@example.test');
  const { url } = await scene.commands.resetLinks.create(OFFICE, DOMAIN, 'juliet');
  const wire = dials();
  await wire.opens(DOMAIN);
  await isRefused(shows(wire, url.split('/').at(-1)!), 'item-not-found');
});

test('XEP-0077 §3.1: a taken name is a conflict, what lacks is not acceptable, and neither uses the invitation up', async (t) => {
  const { scene, dials, invites } = await house(t);
  await scene.account('juliet@example.test');
  const wire = dials();
  await wire.opens(DOMAIN);
  await succeeds(shows(wire, (await invites()).token));
  const taken = await registers(wire, 'JULIET');
  assert.equal(conditionOf(taken), 'conflict');
  assert.equal(child(taken, 'error')!.attrs.code, '409', 'XEP-0077 §8: with the number of old');
  assert.equal(child(taken, 'query'), undefined, 'what was typed is not sent back');
  await isRefused(registers(wire, 'nurse', ''), 'not-acceptable');
  await isRefused(registers(wire, '', 'wherefore'), 'not-acceptable');
  await isRefused(registers(wire, 'nurse', 'short'), 'not-acceptable');
  await isRefused(registers(wire, 'nurse', 'with&#127;control'), 'not-acceptable');
  await isRefused(registers(wire, 'two words'), 'not-acceptable');
  await isRefused(registers(wire, 'a@b'), 'not-acceptable');
  await succeeds(registers(wire, 'nurse'));
  await isRefused(registers(wire, 'peter'), 'not-acceptable'); // §3.1.1: a second identity
});

test('attack: names of the office, and names that look like another’s', async (t) => {
  const { scene, dials, decides } = await house(t);
  await decides(registrationRule, 'open');
  await scene.account('cesar@example.test');
  const wire = dials();
  await wire.opens(DOMAIN);
  for (const name of ['admin', 'Adm1n', 'r00t', 'sup-port', 'аdmin', 'hosтmaster']) {
    await isRefused(registers(wire, name), 'not-acceptable');
  }
  const twin = dials({ address: '192.0.2.9' });
  await twin.opens(DOMAIN);
  await isRefused(registers(twin, 'сésar'), 'not-acceptable'); // Cyrillic с in a Latin name
  await isRefused(registers(twin, 'césar'), 'conflict');
  await succeeds(registers(twin, 'анна'));
});

test('attack: a flood of registrations from one network', async (t) => {
  const { scene, dials, decides } = await house(t);
  await decides(registrationRule, 'open');
  let made = 0;
  for (let n = 0; n < 30; n++) {
    const wire = dials({ address: `2001:db8::${n + 1}` });
    await wire.opens(DOMAIN);
    const answer = await registers(wire, `guest${n}x`);
    if (answer.attrs.type === 'result') made++;
    else assert.equal(conditionOf(answer), 'resource-constraint', serialize(answer));
    wire.cut();
  }
  assert.equal(made, 10);
  assert.equal(await scene.stores.accounts.count(DOMAIN), 10);
  const elsewhere = dials({ address: '192.0.2.77' });
  await elsewhere.opens(DOMAIN);
  await succeeds(registers(elsewhere, 'benvolio'));
});

test('attack: guessing at tokens (SECURITY 23): a network that fails often is told to wait, and who has a good one is let in', async (t) => {
  const { dials, invites } = await house(t);
  const { token } = await invites();
  for (let stream = 0; stream < 2; stream++) {
    const wire = dials();
    await wire.opens(DOMAIN);
    for (let n = 0; n < 10; n++) await isRefused(shows(wire, `${stream}${n}`.padEnd(28, 'x')), 'item-not-found');
  }
  const wire = dials();
  await wire.opens(DOMAIN);
  await isRefused(shows(wire, 'x'.repeat(28)), 'resource-constraint');
  const elsewhere = dials({ address: '192.0.2.78' });
  await elsewhere.opens(DOMAIN);
  await isRefused(shows(elsewhere, 'x'.repeat(28)), 'item-not-found');
  await succeeds(shows(wire, token));
});

test('a stream that asks for ever is ended', async (t) => {
  const { dials, decides } = await house(t);
  await decides(registrationRule, 'open');
  const wire = dials();
  await wire.opens(DOMAIN);
  for (let n = 0; n < 20; n++) await asks(wire, 'get', `<query xmlns='${REGISTER}'/>`);
  wire.write(`<iq type='get' id='more'><query xmlns='${REGISTER}'/></iq>`);
  await wire.fails('policy-violation');
});

test('attack: registering, or deleting, another account from a session (XEP-0077 §3.2, §3.3)', async (t) => {
  const { scene, decides } = await house(t);
  await decides(registrationRule, 'open');
  await decides(mayRemoveOwn, true);
  await scene.account('romeo@example.test');
  const juliet = await scene.comes('juliet@example.test/balcony');
  const set = (name: string) =>
    `<iq type='set' to='${DOMAIN}'><query xmlns='${REGISTER}'><username>${name}</username><password>wherefore 2</password></query></iq>`;
  await juliet.isRefused(set('romeo'), 'not-allowed');
  await juliet.isRefused(set('tybalt'), 'not-allowed');
  await juliet.isRefused(set('romeo@example.test'), 'not-allowed');
  await juliet.isRefused(
    `<iq type='set' to='romeo@example.test'><query xmlns='${REGISTER}'><remove/></query></iq>`,
    'service-unavailable',
  );
  assert.ok((await known(scene, 'romeo')) && !(await known(scene, 'tybalt')));
});

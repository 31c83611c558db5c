import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { historyOption, occupantsOption } from '../../../server/components/muc/rules.ts';
import { type Element, elements, serialize, textOf } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { configure, enter, enters, MUC, makes, ROOM } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { find } from '../../support/xml.ts';

const FORM = `<iq type='get' to='${ROOM}'><query xmlns='${MUC}#owner'/></iq>`;

interface Shown {
  readonly type: string;
  readonly values: readonly string[];
}

/** The fields of the form that somebody gets, without the common beginning of their names. */
async function fields(owner: Actor): Promise<Record<string, Shown>> {
  const form = find(await owner.gets(FORM), 'query', 'x')!;
  const found = elements(form).filter(({ name }) => name === 'field');
  const values = (field: Element) =>
    elements(field)
      .filter(({ name }) => name === 'value')
      .map(textOf);
  return Object.fromEntries(
    found.map((field) => [
      String(field.attrs.var).replace('muc#roomconfig_', ''),
      { type: String(field.attrs.type), values: values(field) },
    ]),
  );
}

async function shown(owner: Actor, name: string): Promise<readonly string[]> {
  return (await fields(owner))[name]!.values;
}

/** A submission as it is, whatever it is. */
const raw = (inner: string, type = 'submit'): string =>
  `<iq type='set' to='${ROOM}'><query xmlns='${MUC}#owner'><x xmlns='jabber:x:data' type='${type}'>${inner}</x></query></iq>`;
const TYPE = `<field var='FORM_TYPE'><value>${MUC}#roomconfig</value></field>`;
const field = (name: string, ...values: string[]): string =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`;

describe('XEP-0045: the form of a room’s owners', () => {
  test('§10.1.3, §10.2: every field is shown as it is, is changed, and is shown changed', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await juliet.sends(enter('Juliet'));
    const before = await fields(juliet);
    const plain: Record<string, Shown> = {
      FORM_TYPE: { type: 'hidden', values: [`${MUC}#roomconfig`] },
      roomname: { type: 'text-single', values: [''] },
      roomdesc: { type: 'text-single', values: [''] },
      lang: { type: 'text-single', values: [''] },
      persistentroom: { type: 'boolean', values: ['1'] },
      publicroom: { type: 'boolean', values: ['1'] },
      membersonly: { type: 'boolean', values: ['0'] },
      moderatedroom: { type: 'boolean', values: ['0'] },
      passwordprotectedroom: { type: 'boolean', values: ['0'] },
      roomsecret: { type: 'text-private', values: [''] },
      maxusers: { type: 'list-single', values: ['none'] },
      whois: { type: 'list-single', values: ['moderators'] },
      enablelogging: { type: 'boolean', values: ['1'] },
      'muc#maxhistoryfetch': { type: 'text-single', values: ['20'] },
      changesubject: { type: 'boolean', values: ['1'] },
      allowinvites: { type: 'boolean', values: ['1'] },
      allowpm: { type: 'list-single', values: ['anyone'] },
      allowvoicerequests: { type: 'boolean', values: ['1'] },
      presencebroadcast: { type: 'list-multi', values: ['moderator', 'participant', 'visitor'] },
      getmemberlist: { type: 'list-multi', values: ['moderator', 'participant'] },
      allowregistration: { type: 'boolean', values: ['0'] },
      slow_mode_duration: { type: 'text-single', values: ['0'] },
      contactjid: { type: 'jid-multi', values: [] },
      pubsub: { type: 'text-single', values: [''] },
      roomadmins: { type: 'jid-multi', values: [] },
      roomowners: { type: 'jid-multi', values: ['juliet@example.test'] },
    };
    assert.deepEqual(Object.keys(before).sort(), Object.keys(plain).sort());
    for (const [name, { type, values }] of Object.entries(plain)) {
      assert.equal(before[name]!.type, type, name);
      assert.deepEqual(before[name]!.values.filter(Boolean), values.filter(Boolean), name);
    }
    const wanted: Record<string, string | string[]> = {
      roomname: 'A Dark Cave',
      roomdesc: 'The place for all good witches!',
      lang: 'en-GB',
      persistentroom: '0',
      publicroom: 'false',
      membersonly: '1',
      moderatedroom: 'true',
      passwordprotectedroom: '1',
      roomsecret: 'cauldronburn',
      maxusers: '50',
      whois: 'anyone',
      enablelogging: '0',
      changesubject: '0',
      allowinvites: '0',
      allowpm: 'moderators',
      allowvoicerequests: '0',
      presencebroadcast: ['participant', 'moderator'],
      getmemberlist: ['visitor'],
      allowregistration: '1',
      slow_mode_duration: '20',
      contactjid: ['nurse@example.test'],
      pubsub: 'xmpp:pubsub.example.test?;node=cave',
      roomadmins: ['nurse@example.test', 'friar@elsewhere.test'],
    };
    const history = field('muc#maxhistoryfetch', '7');
    await juliet.gets(configure(wanted).replace('</x>', `${history}</x>`));
    const after = await fields(juliet);
    for (const [name, value] of Object.entries({ ...wanted, 'muc#maxhistoryfetch': '7' })) {
      const normal = value === 'true' ? '1' : value === 'false' ? '0' : value;
      assert.deepEqual([...after[name]!.values].sort(), [normal].flat().sort(), name);
    }
    // What the store has is the same.
    const stored = await scene.stores.rooms.get('conference.example.test', 'garden');
    assert.equal(stored?.config.password, 'cauldronburn');
    assert.equal(stored?.config.historyLength, 7);
  });

  test('§10.2: what a form does not speak of stays; fields of others and those without a value change nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet', { roomname: 'Cave', membersonly: '1', passwordprotectedroom: '1', roomsecret: 'x' });
    const extra = `${field('evil', 'yes')}${field('muc#roomconfig_secret', 'x')}${field('__proto__', 'x')}`;
    await juliet.gets(
      raw(`${TYPE}${field('muc#roomconfig_roomdesc', 'deep')}${field('muc#roomconfig_membersonly')}${extra}`),
    );
    const now = await fields(juliet);
    assert.deepEqual(now.roomname?.values, ['Cave']);
    assert.deepEqual(now.roomdesc?.values, ['deep']);
    assert.deepEqual(now.membersonly?.values, ['1']);
    assert.deepEqual(now.roomsecret?.values, ['x']);
    assert.deepEqual(({} as Record<string, unknown>).values, undefined);
  });

  for (const [what, wrong] of Object.entries({
    'a switch that is neither': field('muc#roomconfig_membersonly', 'maybe'),
    'a switch with two values': field('muc#roomconfig_membersonly', '0', '1'),
    'a name that is too long': field('muc#roomconfig_roomname', 'x'.repeat(201)),
    'a description that is too long': field('muc#roomconfig_roomdesc', 'x'.repeat(2_001)),
    'a language that is none': field('muc#roomconfig_lang', 'English, please'),
    'a protected room without a password': field('muc#roomconfig_passwordprotectedroom', '1'),
    'a password that is too long':
      field('muc#roomconfig_passwordprotectedroom', '1') + field('muc#roomconfig_roomsecret', 'x'.repeat(257)),
    'a number that is none': field('muc#roomconfig_maxusers', '-1'),
    'more people than fit': field('muc#roomconfig_maxusers', '999999'),
    'fully anonymous, which is no more': field('muc#roomconfig_whois', 'none'),
    'a word of the language itself': field('muc#roomconfig_allowpm', 'constructor'),
    'a history longer than the longest': field('muc#maxhistoryfetch', '101'),
    'a role that there is not': field('muc#roomconfig_presencebroadcast', 'moderator', 'king'),
    'waiting for more than a day': field('muc#roomconfig_slow_mode_duration', '86401'),
    'waiting for half a second': field('muc#roomconfig_slow_mode_duration', '0.5'),
    'a contact that is no address': field('muc#roomconfig_contactjid', '@'),
    'too many contacts': field(
      'muc#roomconfig_contactjid',
      ...Array.from({ length: 21 }, (_, i) => `p${i}@example.test`),
    ),
    'an admin with a device': field('muc#roomconfig_roomadmins', 'nurse@example.test/phone'),
    'an admin that is a whole domain': field('muc#roomconfig_roomadmins', 'example.test'),
    'an admin that is a room': field('muc#roomconfig_roomadmins', ROOM),
    'too many admins': field(
      'muc#roomconfig_roomadmins',
      ...Array.from({ length: 201 }, (_, i) => `p${i}@example.test`),
    ),
    'a node that is a link': field('muc#roomconfig_pubsub', 'javascript:alert(1)'),
  })) {
    test(`§10.1.3: not acceptable: ${what}; nothing of the form holds`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.comes('juliet@example.test/balcony');
      await makes(juliet, 'Juliet');
      const before = await fields(juliet);
      const refused = await juliet.isRefused(
        raw(`${TYPE}${field('muc#roomconfig_publicroom', '0')}${wrong}`),
        'not-acceptable',
      );
      assert.match(textOf(find(refused, 'error', 'text')!), /./);
      assert.deepEqual(await fields(juliet), before);
    });
  }

  test('§10.1.2, XEP-0068: a form of another kind, of none, or of another type is refused', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await juliet.sends(enter('Juliet'));
    await juliet.all();
    const name = field('muc#roomconfig_roomname', 'x');
    await juliet.isRefused(raw(name), 'bad-request');
    await juliet.isRefused(raw(`${field('FORM_TYPE', `${MUC}#register`)}${name}`), 'bad-request');
    await juliet.isRefused(raw(`${TYPE}${name}`, 'result'), 'bad-request');
    await juliet.isRefused(`<iq type='set' to='${ROOM}'><query xmlns='${MUC}#owner'/></iq>`, 'bad-request');
    const both = raw('').replace('</query>', '<destroy/></query>');
    await juliet.isRefused(both, 'bad-request');
    assert.equal(
      (await scene.stores.rooms.get('conference.example.test', 'garden'))?.name,
      undefined,
      'still unfinished',
    );
  });

  test('§10.2: the form is for owners alone: forbidden to admins, members, strangers, people in the room and not in it', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const nurse = await scene.comes('nurse@example.test/phone');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet', { passwordprotectedroom: '1', roomsecret: 'cauldronburn' });
    await juliet.gets(configure({ roomadmins: ['nurse@example.test'] }));
    await enters(nurse, 'Nurse', '<password>cauldronburn</password>');
    for (const one of [nurse, romeo]) {
      const refused = await one.isRefused(FORM, 'forbidden');
      assert.doesNotMatch(serialize(refused), /cauldronburn/);
      await one.isRefused(configure({ membersonly: '1' }), 'forbidden');
      await one.isRefused(raw('', 'cancel'), 'forbidden');
      await one.isRefused(configure({ roomowners: ['nurse@example.test', 'romeo@example.test'] }), 'forbidden');
    }
    assert.deepEqual(await shown(juliet, 'membersonly'), ['0']);
    assert.deepEqual(await shown(juliet, 'roomowners'), ['juliet@example.test']);
  });

  test('attack: an owner who is not one any more when it is their turn changes nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await juliet.gets(configure({ roomowners: ['juliet@example.test', 'romeo@example.test'] }));
    await enters(romeo, 'Romeo');
    await juliet.all();
    // Both at once: each throws the other out.
    const first = juliet.sends(configure({ roomowners: ['juliet@example.test'] }).replace('<iq ', "<iq id='a' "));
    const second = romeo.sends(configure({ roomowners: ['romeo@example.test'] }).replace('<iq ', "<iq id='b' "));
    await Promise.all([first, second]);
    const answer = (await romeo.all()).find(({ attrs }) => attrs.id === 'b')!;
    assert.match(serialize(answer), /type='error'.*<forbidden/);
    assert.deepEqual(await shown(juliet, 'roomowners'), ['juliet@example.test']);
  });

  test('two forms at once: neither undoes what it does not speak of', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await juliet.gets(configure({ roomowners: ['juliet@example.test', 'romeo@example.test'] }));
    await Promise.all([
      juliet.sends(configure({ roomname: 'Cave' }).replace('<iq ', "<iq id='a' ")),
      romeo.sends(configure({ membersonly: '1' }).replace('<iq ', "<iq id='b' ")),
    ]);
    await juliet.all();
    assert.deepEqual([await shown(juliet, 'roomname'), await shown(juliet, 'membersonly')], [['Cave'], ['1']]);
  });

  test('§10.2: who cancels leaves all as it was', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet', { roomname: 'Cave' });
    await juliet.gets(raw(`${TYPE}${field('muc#roomconfig_roomname', 'Other')}`, 'cancel'));
    assert.deepEqual(await shown(juliet, 'roomname'), ['Cave']);
    await juliet.receivesNothing();
  });

  test('what the administrator allows is what the form allows, and what a room has more of is not shown', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet', { maxusers: '100' });
    await scene.house.options.set(historyOption, 'example.test', 5);
    await scene.house.options.set(occupantsOption, 'example.test', 30);
    assert.deepEqual(await shown(juliet, 'muc#maxhistoryfetch'), ['5']);
    assert.deepEqual(await shown(juliet, 'maxusers'), ['none']);
    await juliet.isRefused(raw(`${TYPE}${field('muc#maxhistoryfetch', '6')}`), 'not-acceptable');
    await juliet.isRefused(configure({ maxusers: '31' }), 'not-acceptable');
    await juliet.gets(configure({ maxusers: '30' }));
  });

  test('§10.1.3: the password goes with the switch; a new one alone is enough', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet', { roomsecret: 'one' });
    await romeo.sends(enter('Romeo'));
    assert.match(serialize((await romeo.all())[0]!), /<not-authorized/);
    await romeo.sends(enter('Romeo', '<password>on</password>'));
    assert.match(serialize((await romeo.all())[0]!), /<not-authorized/);
    await juliet.gets(configure({ passwordprotectedroom: '0', roomsecret: 'two' }));
    assert.deepEqual(await shown(juliet, 'roomsecret'), ['']);
    await juliet.gets(configure({ roomsecret: 'three', passwordprotectedroom: '1' }));
    await romeo.sends(enter('Romeo', '<password>three</password>'));
    assert.equal((await romeo.all())[0]?.attrs.type, undefined);
  });
});

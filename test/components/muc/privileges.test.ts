import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { RoomAffiliation, RoomRole } from '../../../server/storage/stores/rooms.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import {
  admin,
  askFor,
  configure,
  enter,
  enters,
  leave,
  MUC,
  makes,
  ROOM,
  roomOf,
  say,
  shape,
} from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

/** The one who tries, one to whom it is done, and an owner, so that there is one. */
const ACTOR = 'mercutio@example.test';
const TARGET = 'tybalt@example.test';

interface Stage {
  readonly scene: Scene;
  readonly owner: Actor;
  readonly actor: Actor;
  readonly target: Actor;
}

async function open(t: TestContext): Promise<Stage> {
  const scene = await openScene(t);
  const owner = await scene.comes('escalus@example.test/hall');
  const actor = await scene.comes(`${ACTOR}/one`);
  const target = await scene.comes(`${TARGET}/one`);
  await makes(owner, 'Escalus');
  return { scene, owner, actor, target };
}

function appoint({ scene }: Stage, jid: string, affiliation: RoomAffiliation): void {
  roomOf(scene).members.put({ jid, affiliation, nick: '', reason: '' });
}

/** In the room with this role, or not in it. */
async function puts({ scene }: Stage, actor: Actor, nick: string, role: RoomRole): Promise<void> {
  const room = roomOf(scene);
  room.rememberVoice(actor.session.jid.bare, undefined);
  if (role === 'none') {
    if (room.occupants.has(nick)) await actor.sends(leave(nick));
  } else {
    if (!room.occupants.has(nick)) await enters(actor, nick);
    room.occupants.get(nick)!.role = role;
  }
}

/** What became of a request: '' or the condition of the refusal. */
async function outcome(actor: Actor, xml: string): Promise<string> {
  const answer = await actor.asks(xml);
  return answer.attrs.type === 'result' ? '' : conditionOf(answer);
}

const AFFILIATIONS = ['outcast', 'none', 'member', 'admin', 'owner'] as const;
const rank = (affiliation: RoomAffiliation): number => AFFILIATIONS.indexOf(affiliation);

describe('XEP-0045: who may do what', () => {
  /** §5.2.2, the state chart: from (down) to (across), the least that one must be. */
  const CHART: Readonly<Record<RoomAffiliation, readonly (RoomAffiliation | undefined)[]>> = {
    //        outcast   none     member   admin    owner
    outcast: [undefined, 'admin', 'admin', 'owner', 'owner'],
    none: ['admin', undefined, 'admin', 'owner', 'owner'],
    member: ['admin', 'admin', undefined, 'owner', 'owner'],
    admin: ['owner', 'owner', 'owner', undefined, 'owner'],
    owner: ['owner', 'owner', 'owner', 'owner', undefined],
  };

  test('§5.2.2: every change of an affiliation, by everybody', async (t) => {
    const stage = await open(t);
    const { actor, scene } = stage;
    for (const own of AFFILIATIONS) {
      for (const from of AFFILIATIONS) {
        for (const [i, to] of AFFILIATIONS.entries()) {
          const least = CHART[from][i];
          if (least === undefined) continue;
          appoint(stage, ACTOR, own);
          appoint(stage, TARGET, from);
          const got = await outcome(actor, admin([`jid='${TARGET}' affiliation='${to}'`]));
          const told = `${own} makes ${to} of ${from}`;
          const refusal = own === 'admin' && to === 'outcast' ? 'not-allowed' : 'forbidden'; // §9.1; §9, §10.5, §10.8
          assert.equal(got, rank(own) >= rank(least) ? '' : refusal, told);
          const now = roomOf(scene).members.get(TARGET)?.affiliation ?? 'none';
          assert.equal(now, got === '' ? to : from, told);
        }
      }
    }
  });

  /** §5.1.3, the state chart: from (down) to (across), who does it. */
  const ROLES = ['none', 'visitor', 'participant', 'moderator'] as const;
  const ROLE_CHART: Readonly<Record<Exclude<RoomRole, 'none'>, readonly ('moderator' | 'admin' | undefined)[]>> = {
    //            none         visitor      participant  moderator
    visitor: ['moderator', undefined, 'moderator', 'admin'],
    participant: ['moderator', 'moderator', undefined, 'admin'],
    moderator: ['admin', 'admin', 'admin', undefined],
  };

  test('§5.1.3, §8.2, §8.4, §9.7: every change of a role, by everybody', async (t) => {
    const stage = await open(t);
    const { actor, target, scene } = stage;
    const actors: [RoomAffiliation, RoomRole][] = [
      ['none', 'none'],
      ['none', 'visitor'],
      ['none', 'participant'],
      ['member', 'participant'],
      ['none', 'moderator'],
      ['member', 'moderator'],
      ['admin', 'moderator'],
      ['owner', 'moderator'],
      ['admin', 'none'],
      ['owner', 'none'],
    ];
    const targets: [RoomAffiliation, Exclude<RoomRole, 'none'>][] = [
      ['none', 'visitor'],
      ['none', 'participant'],
      ['none', 'moderator'],
      ['member', 'visitor'],
      ['member', 'participant'],
      ['member', 'moderator'],
      ['admin', 'moderator'],
      ['owner', 'moderator'],
    ];
    for (const [own, role] of actors) {
      for (const [theirs, from] of targets) {
        for (const [i, to] of ROLES.entries()) {
          const least = ROLE_CHART[from][i];
          if (least === undefined) continue;
          appoint(stage, ACTOR, own);
          appoint(stage, TARGET, theirs);
          await puts(stage, actor, 'Mercutio', role);
          await puts(stage, target, 'Tybalt', from);
          const administers = rank(own) >= rank('admin');
          let may = role === 'moderator' && (least === 'moderator' || administers);
          // §9.6, §9.7: that an admin may do from outside; for the rest one moderates, which is a role (§8).
          if (role === 'none' && administers) may = least === 'admin' && to !== 'none';
          if (to === 'none' && rank(theirs) > rank(own)) may = false; // §8.2
          if (to === 'visitor' && from === 'participant' && rank(theirs) >= rank(own)) may = false; // §8.4
          if (to !== 'none' && rank(theirs) >= rank('admin')) may = false; // §8.4, §9.7
          const got = await outcome(actor, admin([`nick='Tybalt' role='${to}'`]));
          const told = `${own}/${role} makes ${to} of ${theirs}/${from}`;
          if (may) assert.equal(got, '', told);
          else assert.match(got, /^(forbidden|not-allowed)$/, told);
          if (role !== 'moderator' && !administers)
            assert.equal(got, 'forbidden', told); // §8
          else if (rank(theirs) >= rank('admin') && to !== 'none' && got !== '') {
            assert.equal(got, 'not-allowed', told); // §8.2, §8.4, §9.7
          }
          assert.equal(roomOf(scene).occupants.get('Tybalt')?.role ?? 'none', got === '' ? to : from, told);
          await target.all();
        }
      }
    }
  });

  /** §5.1.1, privileges of roles in a moderated room; the last three words of a row are its footnotes. */
  const PRIVILEGES: readonly [
    privilege: string,
    none: boolean,
    visitor: boolean,
    participant: boolean,
    moderator: boolean,
    attempt: (stage: Stage) => Promise<boolean>,
  ][] = [
    ['Receive Messages', false, true, true, true, (stage) => hears(stage, say('hark'))],
    ['Receive Occupant Presence', false, true, true, true, (stage) => hears(stage, `<presence to='${ROOM}/Escalus'/>`)],
    ['Broadcast Presence to All Occupants', false, true, true, true, (stage) => isSeen(stage, '<status>here</status>')],
    ['Change Availability Status', false, true, true, true, (stage) => isSeen(stage, '<show>away</show>')],
    ['Change Room Nickname', false, true, true, true, renames],
    ['Send Private Messages', false, true, true, true, (stage) => isHeard(stage, 'Escalus', 'chat')],
    ['Send Messages to All', false, false, true, true, (stage) => isHeard(stage, '', 'groupchat')],
    ['Modify Subject', false, false, true, true, (stage) => isHeard(stage, '', 'groupchat', '<subject>new</subject>')],
    ['Kick Participants and Visitors', false, false, false, true, (stage) => acts(stage, 'participant', 'none')],
    ['Grant Voice', false, false, false, true, (stage) => acts(stage, 'visitor', 'participant')],
    ['Revoke Voice', false, false, false, true, (stage) => acts(stage, 'participant', 'visitor')],
  ];

  async function hears({ owner, actor }: Stage, xml: string): Promise<boolean> {
    await actor.all();
    await owner.sends(xml);
    return (await actor.all()).some(({ attrs }) => attrs.from === `${ROOM}/Escalus`);
  }

  async function isSeen({ owner, actor }: Stage, inner: string): Promise<boolean> {
    await owner.all();
    await actor.sends(`<presence to='${ROOM}/Mercutio'>${inner}</presence>`);
    return (await owner.all()).some((one) => serialize(one).includes(inner));
  }

  async function renames({ owner, actor }: Stage): Promise<boolean> {
    await owner.all();
    await actor.sends(`<presence to='${ROOM}/Queen Mab'/>`);
    const seen = (await owner.all()).some((one) => serialize(one).includes("code='303'"));
    if (seen) await actor.sends(`<presence to='${ROOM}/Mercutio'/>`);
    return seen;
  }

  async function isHeard(
    { owner, actor }: Stage,
    to: string,
    type: string,
    inner = '<body>hark</body>',
  ): Promise<boolean> {
    await owner.all();
    await actor.sends(`<message to='${ROOM}${to === '' ? '' : `/${to}`}' type='${type}'>${inner}</message>`);
    return (await owner.all()).some(({ name, attrs }) => name === 'message' && attrs.from === `${ROOM}/Mercutio`);
  }

  async function acts(stage: Stage, from: RoomRole, to: RoomRole): Promise<boolean> {
    await puts(stage, stage.target, 'Tybalt', from);
    const got = await outcome(stage.actor, admin([`nick='Tybalt' role='${to}'`]));
    return got === '';
  }

  test('§5.1.1: what each role may do in a moderated room', async (t) => {
    const stage = await open(t);
    shape(stage.scene, { moderated: true });
    appoint(stage, ACTOR, 'member'); // a role above that of whom it is done to (§8.4)
    for (const [privilege, none, visitor, participant, moderator, attempt] of PRIVILEGES) {
      for (const [role, may] of Object.entries({ none, visitor, participant, moderator })) {
        await puts(stage, stage.actor, 'Mercutio', role as RoomRole);
        // §10.1.1: presence to a room is a wish to come in, so of who is not in it nothing else can be asked.
        if (role === 'none' && /Nickname|Status|Broadcast/.test(privilege)) continue;
        assert.equal(await attempt(stage), may, `${privilege}: ${role}`);
      }
    }
  });

  /** §5.2.1, privileges of affiliations. */
  const BY_AFFILIATION: readonly [
    privilege: string,
    outcast: boolean,
    none: boolean,
    member: boolean,
    admin: boolean,
    owner: boolean,
    attempt: (stage: Stage) => Promise<boolean>,
  ][] = [
    ['Enter Open Room', false, true, true, true, true, (stage) => comesIn(stage, false)],
    ['Register with Open Room', false, true, true, true, true, registers],
    // In a room without secrets. In one with, only those who see addresses anyway (footnote ***).
    ['Retrieve Member List', false, false, true, true, true, (stage) => lists(stage, 'member', true)],
    [
      'Retrieve Member List (semi-anonymous)',
      false,
      false,
      false,
      true,
      true,
      (stage) => lists(stage, 'member', false),
    ],
    ['Retrieve Ban List', false, false, false, true, true, (stage) => lists(stage, 'outcast', true)],
    ['Retrieve Admin List (semi-anonymous)', false, false, false, false, true, (stage) => lists(stage, 'admin', false)],
    ['Retrieve Owner List (semi-anonymous)', false, false, false, false, true, (stage) => lists(stage, 'owner', false)],
    ['Enter Members-Only Room', false, false, true, true, true, (stage) => comesIn(stage, true)],
    ['Ban Members', false, false, false, true, true, (stage) => affiliates(stage, 'member', 'outcast')],
    ['Ban Unaffiliated Users', false, false, false, true, true, (stage) => affiliates(stage, 'none', 'outcast')],
    ['Edit Member List', false, false, false, true, true, (stage) => affiliates(stage, 'none', 'member')],
    ['Assign Moderator Role', false, false, false, true, true, (stage) => gives(stage, 'participant', 'moderator')],
    ['Remove Moderator Role', false, false, false, true, true, (stage) => gives(stage, 'moderator', 'participant')],
    ['Edit Admin List', false, false, false, false, true, (stage) => affiliates(stage, 'none', 'admin')],
    ['Edit Owner List', false, false, false, false, true, (stage) => affiliates(stage, 'none', 'owner')],
    ['Change Room Configuration', false, false, false, false, true, configures],
    ['Destroy Room', false, false, false, false, true, destroys],
  ];

  async function comesIn({ scene, actor }: Stage, membersOnly: boolean): Promise<boolean> {
    shape(scene, { membersOnly });
    await actor.all();
    await actor.sends(enter('Mercutio'));
    const isIn = (await actor.all()).some(({ attrs }) => attrs.from === `${ROOM}/Mercutio` && attrs.type !== 'error');
    if (isIn) await actor.sends(leave('Mercutio'));
    shape(scene, { membersOnly: false });
    return isIn;
  }

  async function registers({ scene, actor }: Stage): Promise<boolean> {
    shape(scene, { allowRegistration: true });
    return (await outcome(actor, `<iq type='get' to='${ROOM}'><query xmlns='jabber:iq:register'/></iq>`)) === '';
  }

  async function lists({ scene, actor }: Stage, affiliation: string, openAddresses: boolean): Promise<boolean> {
    shape(scene, { openAddresses });
    return (await outcome(actor, askFor(`affiliation='${affiliation}'`))) === '';
  }

  async function affiliates(stage: Stage, from: RoomAffiliation, to: RoomAffiliation): Promise<boolean> {
    appoint(stage, TARGET, from);
    const got = await outcome(stage.actor, admin([`jid='${TARGET}' affiliation='${to}'`]));
    appoint(stage, TARGET, 'none');
    return got === '';
  }

  async function gives(stage: Stage, from: RoomRole, to: RoomRole): Promise<boolean> {
    await puts(stage, stage.target, 'Tybalt', from);
    return (await outcome(stage.actor, admin([`nick='Tybalt' role='${to}'`]))) === '';
  }

  async function configures({ actor }: Stage): Promise<boolean> {
    return (await outcome(actor, configure({ roomname: 'Verona' }))) === '';
  }

  async function destroys({ actor }: Stage): Promise<boolean> {
    const xml = `<iq type='set' to='${ROOM}'><query xmlns='${MUC}#owner'><destroy/></query></iq>`;
    return (await outcome(actor, xml)) === '';
  }

  test('§5.2.1: what each affiliation may do', async (t) => {
    const stage = await open(t);
    for (const [privilege, outcast, none, member, isAdmin, owner, attempt] of BY_AFFILIATION) {
      for (const [affiliation, may] of Object.entries({ outcast, none, member, admin: isAdmin, owner })) {
        appoint(stage, ACTOR, affiliation as RoomAffiliation);
        assert.equal(await attempt(stage), may, `${privilege}: ${affiliation}`);
      }
    }
  });
});

"""A room of each server with people of the other in it: they talk, one says something to one, and the archive is read
(XEP-0045, XEP-0249, XEP-0313)."""

import asyncio

from abroad import both_enter
from actor import PATIENCE, play
from slixmpp import JID
from visit import MUC, Visit, refusal

PLUGINS = [MUC, 'xep_0249', 'xep_0421']


async def private(actor, sender, body):
    """What somebody of the room says to one alone, passing over what is said to all."""
    message = await actor.hears()
    while message['type'] == 'groupchat' or message['from'].resource == '':
        message = await actor.hears()
    assert (message['from'], message['body']) == (sender, body), str(message)


async def leaves(actor, place):
    """Until the room has said that one is gone, which slixmpp tells nobody of."""
    gone = asyncio.Event()

    def look(stanza):
        if stanza.name == 'presence' and (stanza['from'], stanza['type']) == (place, 'unavailable'):
            gone.set()
        return stanza

    actor.add_filter('in', look)
    actor[MUC].leave_muc(JID(place).bare, 'Guest')
    await asyncio.wait_for(gone.wait(), PATIENCE)
    actor.del_filter('in', look)


async def meet(owner, guest):
    """The guest is of another server than the room and its owner."""
    room = f'garden-of-{guest.boundjid.user}@{owner.world.more["rooms"]}'
    own, its = Visit(owner, room), Visit(guest, room)
    codes, _, others, _ = await own.comes('Owner')
    assert 110 in codes and others == set(), (codes, others)
    form = await owner[MUC].get_room_config(room, timeout=PATIENCE)
    form = only(form, 'muc#roomconfig_membersonly', True)
    await owner[MUC].set_room_config(room, form, timeout=PATIENCE)

    # Who is not invited stays outside; who is comes in.
    error = await refusal(guest, room)
    assert error['error']['condition'] == 'registration-required', str(error)
    invitations = asyncio.Queue()
    guest.add_event_handler('groupchat_invite', invitations.put_nowait)
    await owner[MUC].set_affiliation(room, 'member', jid=guest.boundjid.bare, timeout=PATIENCE)
    owner[MUC].invite(room, guest.boundjid.bare, reason='Come in')
    invitation = await asyncio.wait_for(invitations.get(), PATIENCE)
    assert invitation['from'] == room, str(invitation)
    codes, _, others, _ = await its.comes('Guest')
    assert 110 in codes and others == {'Owner'}, (codes, others)
    seen = await own.sees('Guest')
    assert seen['muc']['jid'].bare == guest.boundjid.bare, str(seen)

    # They talk, and all hear the same in the same order.
    bodies = []
    for n in range(15):
        for visit, nick in ((own, 'Owner'), (its, 'Guest')):
            body = f'{nick} {n}'
            visit.says(body)
            for one in (own, its):
                await one.hears(nick, body)
            bodies.append(body)
    owner.says(f'{room}/Guest', 'for you alone')
    await private(guest, f'{room}/Owner', 'for you alone')
    guest.says(f'{room}/Owner', 'and for you')
    await private(owner, f'{room}/Guest', 'and for you')
    owner[MUC].set_subject(room, 'Names')
    for visit in (own, its):
        subject = await asyncio.wait_for(visit.subjects.get(), PATIENCE)
        assert (subject['subject'], subject['from'].resource) == ('Names', 'Owner'), str(subject)

    # The archive of the room, by pages: from the beginning, and from the end.
    found = await guest.archive(jid=room, rsm={'max': 7})
    assert [body for body, _, _ in found if body] == bodies, [body for body, _, _ in found]
    assert len({entry for _, entry, _ in found}) == len(found)
    found = await guest.archive(jid=room, rsm={'max': 7}, reverse=True)
    assert sorted(body for body, _, _ in found if body) == sorted(bodies), found

    # Gone and come again, one has the last of what was said; made to go, one hears why.
    await leaves(guest, f'{room}/Guest')
    await own.sees('Guest', 'unavailable')
    _, subject, _, history = await its.comes('Guest', maxstanzas=3)
    assert subject == 'Names' and history == bodies[-3:], (subject, history)
    await own.sees('Guest')
    await owner[MUC].set_role(room, 'Guest', 'none', reason='Enough!', timeout=PATIENCE)
    out = await its.sees('Guest', 'unavailable', 307, 110)
    assert out['muc']['item']['reason'] == 'Enough!', str(out)
    await own.sees('Guest', 'unavailable', 307)

    # Whose client is gone without a word is not in the room any more.
    await its.comes('Guest')
    await own.sees('Guest')
    guest.abort()
    await own.sees('Guest', 'unavailable')


def only(form, var, value):
    """The form with this changed and nothing else said."""
    answer = form.__class__()
    answer['type'] = 'submit'
    answer.add_field(var='FORM_TYPE', ftype='hidden', value='http://jabber.org/protocol/muc#roomconfig')
    answer.add_field(var=var, value=value, ftype='boolean')
    return answer


async def scene(world):
    for turn in (1, -1):
        ours, theirs = await both_enter(world, resource=f'turn{turn}', plugins=PLUGINS)
        await meet(*(ours, theirs)[::turn])


play(scene)

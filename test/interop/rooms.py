"""A room from its making to its end, as a client's library sees it (XEP-0045, 0249, 0313, 0421)."""

import asyncio

from actor import PATIENCE, play, refused
from visit import MUC, Visit, enters, refused_in


async def scene(world):
    service = f'conference.{world.domain}'
    room = f'garden@{service}'
    juliet, romeo, nurse, tybalt = [await enters(world, name) for name in ('juliet', 'romeo', 'nurse', 'tybalt')]

    # The service is found, and is for rooms.
    items = await juliet['xep_0030'].get_items(jid=world.domain)
    assert service in {jid for jid, _, _ in items['disco_items']['items']}
    info = (await juliet['xep_0030'].get_info(jid=service))['disco_info']
    assert ('conference', 'text') in {(category, kind) for category, kind, _, _ in info['identities']}
    assert 'http://jabber.org/protocol/muc' in info['features']

    # A room is made, and is its maker's alone until it is configured.
    hers = Visit(juliet, room)
    codes, subject, others, _ = await hers.comes('Juliet')
    assert {201, 110} <= codes and subject == '' and others == set(), codes
    his = Visit(romeo, room)
    await refused_in(his.comes('Romeo'), 'item-not-found')
    form = await juliet[MUC].get_room_config(room, timeout=PATIENCE)
    fields = form.get_fields()
    values = form.get_values()
    assert {'muc#roomconfig_roomname', 'muc#roomconfig_membersonly', 'muc#roomconfig_whois'} <= set(fields), list(fields)
    values['muc#roomconfig_roomname'] = 'The garden'
    values['muc#roomconfig_membersonly'] = True
    form['type'] = 'submit'
    form.set_values(values)
    await juliet[MUC].set_room_config(room, form, timeout=PATIENCE)
    info = (await juliet['xep_0030'].get_info(jid=room))['disco_info']
    assert {'muc_membersonly', 'muc_semianonymous', 'urn:xmpp:mam:2'} <= info['features'], info['features']
    assert {name for _, _, _, name in info['identities']} == {'The garden'}

    # Who is invited comes in, who is not does not.
    await refused_in(his.comes('Romeo'), 'registration-required')
    invitations = asyncio.Queue()
    romeo.add_event_handler('groupchat_invite', invitations.put_nowait)
    juliet[MUC].invite(room, romeo.boundjid.bare, reason='Come to the balcony')
    invitation = await asyncio.wait_for(invitations.get(), PATIENCE)
    assert invitation['from'] == room and invitation['muc']['invite']['reason'] == 'Come to the balcony', str(invitation)
    codes, _, others, _ = await his.comes('Romeo')
    assert others == {'Juliet'} and 170 in codes, (codes, others)
    seen = await hers.sees('Romeo')
    assert seen['muc']['jid'] == romeo.boundjid.full, 'the owner sees who it is'
    assert romeo[MUC].get_jid_property(room, 'Juliet', 'jid') in ('', None), 'he does not'
    assert await juliet[MUC].get_affiliation_list(room, 'member') == [romeo.boundjid.bare]

    # From here on for all; they talk.
    await juliet[MUC].set_room_config(room, only(form, 'muc#roomconfig_membersonly', False), timeout=PATIENCE)
    assert 104 in (await asyncio.wait_for(his.told.get(), PATIENCE))['muc']['status_codes']
    hers.says('But soft!')
    for visit in (hers, his):
        message = await visit.hears('Juliet', 'But soft!')
        assert message['occupant-id']['id'] and message['stanza_id']['by'] == room, str(message)
    for n in range(45):
        his.says(f'line {n}')
    for visit in (hers, his):
        for n in range(45):
            await visit.hears('Romeo', f'line {n}')

    # One says something to one.
    romeo.says(f'{room}/Juliet', 'for you alone')
    private = await asyncio.wait_for(juliet.messages.get(), PATIENCE)
    while private['type'] == 'groupchat' or not private['body']:
        private = await asyncio.wait_for(juliet.messages.get(), PATIENCE)
    assert private['body'] == 'for you alone' and private['from'] == f'{room}/Romeo' and private['type'] == 'chat', str(private)

    # Another nickname, which must be free; another subject, with which newcomers are greeted.
    romeo.send_presence(pto=f'{room}/Juliet')
    assert await errors(romeo, f'muc::{room}::presence-error') == 'conflict'
    romeo.send_presence(pto=f'{room}/Montague')
    gone = await hers.sees('Romeo', 'unavailable', 303)
    assert gone['muc']['item']['nick'] == 'Montague', str(gone)
    await hers.sees('Montague')
    await his.sees('Romeo', 'unavailable', 303, 110)
    await his.sees('Montague', 'available', 110)
    juliet[MUC].set_subject(room, 'Names')
    for visit in (hers, his):
        subject = await asyncio.wait_for(visit.subjects.get(), PATIENCE)
        assert (subject['subject'], subject['from'].resource) == ('Names', 'Juliet'), str(subject)
    theirs = Visit(nurse, room)
    codes, subject, others, history = await theirs.comes('Nurse', maxstanzas=5)
    assert others == {'Juliet', 'Montague'} and subject == 'Names', (others, subject)
    assert history == [f'line {n}' for n in range(40, 45)], history
    for visit in (hers, his):
        await visit.sees('Nurse')

    # The archive of the room, by pages.
    found = await nurse.archive(jid=room, rsm={'max': 20})
    bodies = [body for body, _, _ in found if body]
    assert bodies == ['But soft!'] + [f'line {n}' for n in range(45)], bodies
    assert len({entry for _, entry, _ in found}) == len(found)

    # Kicked, he may come again; banned, not. What he may not do is refused.
    await refused(nurse[MUC].set_role(room, 'Montague', 'none', timeout=PATIENCE), 'not-allowed', 'forbidden')
    await juliet[MUC].set_role(room, 'Montague', 'none', reason='Enough!', timeout=PATIENCE)
    out = await his.sees('Montague', 'unavailable', 307, 110)
    assert out['muc']['item']['reason'] == 'Enough!', str(out)
    for visit in (hers, theirs):
        await visit.sees('Montague', 'unavailable', 307)
    await his.comes('Romeo')
    for visit in (hers, theirs):
        await visit.sees('Romeo')
    foe = Visit(tybalt, room)
    await foe.comes('Tybalt')
    for visit in (hers, his, theirs):
        await visit.sees('Tybalt')
    await juliet[MUC].set_affiliation(room, 'outcast', jid=tybalt.boundjid.bare, reason='No duels', timeout=PATIENCE)
    await foe.sees('Tybalt', 'unavailable', 301, 110)
    for visit in (hers, his, theirs):
        await visit.sees('Tybalt', 'unavailable', 301)
    assert await juliet[MUC].get_affiliation_list(room, 'outcast') == [tybalt.boundjid.bare]
    await refused_in(foe.comes('Tybalt'), 'forbidden')
    await refused(tybalt['xep_0313'].retrieve(jid=room, timeout=PATIENCE), 'forbidden')

    # A listener may ask for voice in a moderated room.
    await juliet[MUC].set_role(room, 'Nurse', 'visitor', timeout=PATIENCE)
    for visit in (hers, his, theirs):
        assert (await visit.sees('Nurse'))['muc']['role'] == 'visitor'
    theirs.says('Anon!')
    assert await errors(nurse, 'groupchat_message_error') == 'forbidden'
    await juliet[MUC].set_role(room, 'Nurse', 'participant', timeout=PATIENCE)
    for visit in (hers, his, theirs):
        assert (await visit.sees('Nurse'))['muc']['role'] == 'participant'
    theirs.says('Anon!')
    for visit in (hers, his, theirs):
        await visit.hears('Nurse', 'Anon!')

    # Who goes is gone; the end of the room leads elsewhere.
    nurse[MUC].leave_muc(room, 'Nurse', msg='Good night')
    for visit in (hers, his):
        assert (await visit.sees('Nurse', 'unavailable'))['status'] == 'Good night'
    await juliet[MUC].destroy(room, reason='Exit all', altroom=f'tomb@{service}', timeout=PATIENCE)
    end = await his.sees('Romeo', 'unavailable')
    assert f'tomb@{service}' in str(end) and 'Exit all' in str(end), str(end)
    await refused(juliet['xep_0030'].get_info(jid=room), 'gone', 'item-not-found')


def only(form, name, value):
    """A form that changes one thing."""
    changed = form.__class__()
    changed['type'] = 'submit'
    changed.add_field(var='FORM_TYPE', ftype='hidden', value='http://jabber.org/protocol/muc#roomconfig')
    changed.add_field(var=name, ftype='boolean', value=value)
    return changed


async def errors(actor, event):
    """The condition of the next error of this kind."""
    future = asyncio.get_running_loop().create_future()
    with actor.event_handler(event, lambda stanza: future.done() or future.set_result(stanza)):
        return (await asyncio.wait_for(future, PATIENCE))['error']['condition']


play(scene)

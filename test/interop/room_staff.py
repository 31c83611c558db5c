"""What the staff of a room does, by the rest of what a client's library can do with rooms (XEP-0045)."""

import asyncio

from actor import PATIENCE, play, refused

MUC = 'xep_0045'


async def enters(world, name):
    actor = world.actor(name)
    actor.register_plugin(MUC)
    await actor.log_in()
    actor.send_presence()
    await actor.sees(actor.boundjid.full)
    return actor


async def until(condition, what):
    """Waits until the library has noticed something."""
    for _ in range(PATIENCE * 20):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(what)


async def scene(world):
    room = f'garden@conference.{world.domain}'
    juliet, romeo, nurse = [await enters(world, name) for name in ('juliet', 'romeo', 'nurse')]
    hers, his, theirs = juliet[MUC], romeo[MUC], nurse[MUC]

    # Who cancels the form of a new room does not get it.
    await hers.join_muc_wait(room, 'Juliet', timeout=PATIENCE)
    await hers.get_room_config(room, timeout=PATIENCE)
    ended = asyncio.Queue()
    juliet.add_event_handler(f'muc::{room}::presence', ended.put_nowait)
    await hers.cancel_config(room, timeout=PATIENCE)
    assert (await asyncio.wait_for(ended.get(), PATIENCE))['type'] == 'unavailable'
    await refused(juliet['xep_0030'].get_info(jid=room), 'item-not-found')

    # The old way to enter; a room as it comes.
    hers.join_muc(room, 'Juliet', pshow='dnd', pstatus='In the garden')
    await until(lambda: hers.get_jid_property(room, 'Juliet', 'role') == 'moderator', 'she is not in')
    form = juliet['xep_0004'].make_form(ftype='submit')
    await hers.set_room_config(room, form, timeout=PATIENCE)
    his.join_muc(room, 'Romeo', maxhistory='10')
    await theirs.join_muc_wait(room, 'Nurse', timeout=PATIENCE, seconds=60, maxchars=1000,
                               presence_options={'pshow': 'away', 'pstatus': 'Asleep'})
    for muc in (hers, his, theirs):
        await until(lambda: set(muc.get_roster(room)) == {'Juliet', 'Romeo', 'Nurse'}, 'somebody is not seen')
    assert hers.get_jid_property(room, 'Nurse', 'status') == 'Asleep'
    assert his.get_jid_property(room, 'Juliet', 'show') == 'dnd'
    # The library's own search by address fails in this version.
    assert hers.get_jid_property(room, 'Romeo', 'jid') == romeo.boundjid.full
    assert his.get_jid_property(room, 'Nurse', 'jid') in ('', None), 'he does not see who it is'
    assert his.get_joined_rooms() == [room] and his.get_our_jid_in_room(room) == f'{room}/Romeo'

    # Roles and affiliations, one by one and as lists.
    assert set(await hers.get_roles_list(room, 'participant', timeout=PATIENCE)) == {'Romeo', 'Nurse'}
    assert await hers.get_roles_list(room, 'moderator', timeout=PATIENCE) == ['Juliet']
    await refused(his.get_roles_list(room, 'participant', timeout=PATIENCE), 'forbidden')
    # The library's own list of roles names affiliations in this version.
    for nick, role in [('Romeo', 'moderator'), ('Nurse', 'visitor')]:
        await hers.set_role(room, nick, role, timeout=PATIENCE)
    await until(lambda: his.get_jid_property(room, 'Nurse', 'role') == 'visitor', 'she can speak')
    assert his.get_jid_property(room, 'Romeo', 'role') == 'moderator'
    await hers.send_affiliation_list(room, [(world.jid('romeo'), 'admin'), (world.jid('tybalt'), 'outcast'),
                                            (world.jid('olga'), 'member')], timeout=PATIENCE)
    assert await hers.get_affiliation_list(room, 'admin', timeout=PATIENCE) == [world.jid('romeo')]
    assert await his.get_users_by_affiliation(room, 'member') == [world.jid('olga')]
    assert await his.get_affiliation_list(room, 'outcast', timeout=PATIENCE) == [world.jid('tybalt')]
    await his.set_affiliation(room, 'member', nick='Nurse', reason='She is old', timeout=PATIENCE)
    await until(lambda: hers.get_jid_property(room, 'Nurse', 'affiliation') == 'member', 'she is no member')
    await refused(his.set_affiliation(room, 'owner', jid=world.jid('romeo'), timeout=PATIENCE), 'forbidden')
    await refused(his.set_affiliation(room, 'outcast', jid=world.jid('juliet'), timeout=PATIENCE), 'not-allowed')
    await his.set_affiliation(room, 'none', jid=world.jid('tybalt'), timeout=PATIENCE)
    assert await hers.get_affiliation_list(room, 'outcast', timeout=PATIENCE) == []

    # Who may only listen asks for voice, and a moderator gives it.
    await his.set_role(room, 'Nurse', 'visitor', timeout=PATIENCE)
    await until(lambda: theirs.get_jid_property(room, 'Nurse', 'role') == 'visitor', 'she can speak')
    requests = asyncio.Queue()
    romeo.add_event_handler('message_xform', requests.put_nowait)
    theirs.request_voice(room, 'participant')
    form = (await asyncio.wait_for(requests.get(), PATIENCE))['form']
    assert form.get_values()['muc#roomnick'] == 'Nurse', str(form)
    reply = romeo.make_message(mto=room)
    reply['form']['type'] = 'submit'
    for name, field in form.get_fields().items():
        value = True if name == 'muc#request_allow' else field['value']
        reply['form'].add_field(var=name, ftype=field['type'] or 'text-single',
                                value=value[0] if isinstance(value, list) else value)
    reply.send()
    await until(lambda: theirs.get_jid_property(room, 'Nurse', 'role') == 'participant', 'she has no voice')

    # Gone means gone, in every list.
    theirs.leave_muc(room, 'Nurse')
    await until(lambda: set(hers.get_roster(room)) == {'Juliet', 'Romeo'}, 'she is there still')
    assert theirs.get_joined_rooms() == []
    await hers.destroy(room, timeout=PATIENCE)


play(scene)

"""Somebody at a desk and somebody at a terminal, with profanity, are in one room."""

import asyncio

from actor import PATIENCE, play

MUC = 'xep_0045'


async def scene(world):
    room = f'garden@conference.{world.domain}'
    romeo = world.actor('romeo', 'garden')
    romeo.register_plugin(MUC)
    await romeo.log_in()
    romeo.send_presence()
    presences, heard, subjects = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()
    for event, queue in [('presence', presences), ('message', heard), ('groupchat_subject', subjects)]:
        romeo.add_event_handler(f'muc::{room}::{event}', queue.put_nowait)
    await romeo[MUC].join_muc_wait(room, 'Romeo', timeout=PATIENCE)
    form = await romeo[MUC].get_room_config(room, timeout=PATIENCE)
    values = form.get_values()
    values['muc#roomconfig_roomname'] = 'The garden'
    form['type'] = 'submit'
    form.set_values(values)
    await romeo[MUC].set_room_config(room, form, timeout=PATIENCE)

    async def sees(nick, kind=''):
        while True:
            presence = await asyncio.wait_for(presences.get(), 30)
            if presence['from'].resource == nick and (presence['type'] == 'unavailable') == (kind == 'unavailable'):
                return presence

    async def hears(nick, body):
        while True:
            message = await asyncio.wait_for(heard.get(), 30)
            if message['from'].resource != 'Romeo':
                assert (message['from'].resource, message['body']) == (nick, body), str(message)
                return

    def says(body):
        romeo.send_message(mto=room, mbody=body, mtype='groupchat')

    says('Who is there?')
    await sees('Juliet')
    await hears('Juliet', 'Hello from the terminal')
    says('Hello from the desk')
    romeo[MUC].set_subject(room, 'Names')
    await sees('Juliet', 'unavailable')
    await sees('Capulet')
    await hears('Capulet', 'What is in a name?')
    while True:
        subject = await asyncio.wait_for(subjects.get(), 30)
        if subject['from'].resource == 'Capulet':
            break
    assert subject['subject'] == 'Roses', str(subject)
    romeo.send_message(mto=f'{room}/Capulet', mbody='for you alone', mtype='chat')
    private = await asyncio.wait_for(romeo.messages.get(), 30)
    while private['type'] != 'chat':
        private = await asyncio.wait_for(romeo.messages.get(), 30)
    assert (private['body'], private['from']) == ('and for you', f'{room}/Capulet'), str(private)
    await romeo[MUC].set_role(room, 'Capulet', 'none', reason='Enough', timeout=PATIENCE)
    assert 307 in (await sees('Capulet', 'unavailable'))['muc']['status_codes']


play(scene)

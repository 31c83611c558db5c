"""Somebody at a desk and somebody in a browser are in one room, which the latter has in the bookmarks (XEP-0402)."""

import asyncio
from xml.etree import ElementTree

from actor import PATIENCE, play

# A browser takes its time on a busy machine.
BROWSER = 60
NODE = 'urn:xmpp:bookmarks:1'


async def scene(world):
    room = f'garden@conference.{world.domain}'
    romeo = world.actor('romeo', 'garden')
    romeo.register_plugin('xep_0045')
    await romeo.log_in()
    romeo.send_presence()
    muc = romeo['xep_0045']
    came, heard = asyncio.Queue(), asyncio.Queue()
    romeo.add_event_handler(f'muc::{room}::got_online', came.put_nowait)
    romeo.add_event_handler(f'muc::{room}::message', heard.put_nowait)
    await muc.join_muc_wait(room, 'Romeo', timeout=PATIENCE)

    def says(body):
        romeo.send_message(mto=room, mbody=body, mtype='groupchat')

    # Juliet's bookmark, from another device of hers, before the room is open to others.
    phone = world.actor('juliet', 'phone')
    await phone.log_in()
    bookmark = ElementTree.fromstring(f"<conference xmlns='{NODE}' name='The garden' autojoin='true'/>")
    iq = phone.make_iq_set()
    publish = ElementTree.SubElement(ElementTree.SubElement(
        iq.xml, '{http://jabber.org/protocol/pubsub}pubsub'), '{http://jabber.org/protocol/pubsub}publish', node=NODE)
    ElementTree.SubElement(publish, '{http://jabber.org/protocol/pubsub}item', id=room).append(bookmark)
    await iq.send(timeout=PATIENCE)
    await phone.log_out()

    form = await muc.get_room_config(room, timeout=PATIENCE)
    values = form.get_values()
    values['muc#roomconfig_roomname'] = 'The garden'
    form['type'] = 'submit'
    form.set_values(values)
    await muc.set_room_config(room, form, timeout=PATIENCE)
    says('Hello from before')

    while True:
        presence = await asyncio.wait_for(came.get(), BROWSER)
        if presence['from'].resource != 'Romeo':
            break
    says(f'Welcome, {presence["from"].resource}')
    while True:
        message = await asyncio.wait_for(heard.get(), BROWSER)
        if message['from'].resource != 'Romeo':
            break
    says(f'Heard: {message["body"]}')
    await asyncio.sleep(3)


play(scene)

"""How people come to a room, and a room to people: looking, pictures, and being spoken of (XEP-0045, 0054, 0249, 0433, 0486)."""

import asyncio
import base64

from actor import PATIENCE, play
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

MUC = 'xep_0045'
PNG = base64.b64decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')
SEARCH = 'urn:xmpp:channel-search:0:search'


async def enters(world, name, resource='desk'):
    actor = world.actor(name, resource)
    for plugin in (MUC, 'xep_0054', 'xep_0249'):
        actor.register_plugin(plugin)
    await actor.log_in()
    actor.send_presence()
    await actor.sees(actor.boundjid.full)
    return actor


async def scene(world):
    service = f'conference.{world.domain}'
    room = f'garden@{service}'
    juliet = await enters(world, 'juliet')
    romeo = await enters(world, 'romeo')

    own, *_ = await juliet[MUC].join_muc_wait(room, 'Juliet', timeout=PATIENCE)
    assert {110, 201} <= own['muc']['status_codes'], str(own)
    form = await juliet[MUC].get_room_config(room)
    form['type'] = 'submit'
    form.set_values({**form.get_values(), 'muc#roomconfig_roomname': 'The Garden', 'muc#roomconfig_membersonly': True})
    await juliet[MUC].set_room_config(room, form)

    # It is found, by name, and says what it is like.
    items = (await romeo['xep_0030'].get_items(jid=service))['disco_items']['items']
    assert (room, None, 'The Garden') in items, items
    info = (await romeo['xep_0030'].get_info(jid=room))['disco_info']
    assert {'muc_membersonly', 'muc_public', 'muc_semianonymous', 'vcard-temp'} <= set(info['features'])
    ask = romeo.make_iq_get(ito=service)
    ask.xml.append(ET.fromstring(
        f"<search xmlns='{SEARCH}'><x xmlns='jabber:x:data' type='submit'>"
        f"<field var='FORM_TYPE' type='hidden'><value>{SEARCH}-params</value></field>"
        "<field var='q'><value>garden</value></field></x></search>"))
    found = (await ask.send()).xml.find(f'{{{SEARCH}}}result/{{{SEARCH}}}item')
    assert found.attrib['address'] == room

    # Its owner gives it a picture, which who comes is told of without stumbling over it.
    card = juliet['xep_0054'].make_vcard()
    card['PHOTO']['TYPE'] = 'image/png'
    card['PHOTO']['BINVAL'] = PNG
    await juliet['xep_0054'].publish_vcard(jid=room, vcard=card)

    # Romeo is invited, and comes; the nurse is, and does not.
    invited = asyncio.Queue()
    romeo.add_event_handler('groupchat_invite', invited.put_nowait)
    juliet[MUC].invite(room, world.jid('romeo'), 'wherefore not?')
    invitation = await asyncio.wait_for(invited.get(), PATIENCE)
    assert invitation['muc']['invite']['from'] == f'{room}/Juliet', str(invitation)
    assert invitation['muc']['invite']['reason'] == 'wherefore not?'
    await romeo[MUC].join_muc_wait(room, 'Romeo', timeout=PATIENCE)
    nurse = await enters(world, 'nurse')
    declined = asyncio.Queue()
    # The library's own event for it fails in this version.
    juliet.register_handler(Callback('declined', StanzaPath('message/muc/decline'), declined.put_nowait))
    nurse.add_event_handler('groupchat_invite', invited.put_nowait)
    juliet[MUC].invite(room, world.jid('nurse'))
    invitation = await asyncio.wait_for(invited.get(), PATIENCE)
    nurse[MUC].decline(room, invitation['muc']['invite']['from'], 'too old')
    answer = await asyncio.wait_for(declined.get(), PATIENCE)
    assert answer['muc']['decline']['from'] == world.jid('nurse'), str(answer)
    assert answer['muc']['decline']['reason'] == 'too old'

    # The picture of the room, and the card of somebody in it: no name, as Romeo may not know who she is.
    got = (await romeo['xep_0054'].get_vcard(jid=room))['vcard_temp']
    assert got['PHOTO']['BINVAL'] == PNG
    own = juliet['xep_0054'].make_vcard()
    own['FN'] = 'Giulietta Capuleti'
    own['PHOTO']['TYPE'] = 'image/png'
    own['PHOTO']['BINVAL'] = PNG
    await juliet['xep_0054'].publish_vcard(vcard=own)
    got = (await romeo['xep_0054'].get_vcard(jid=f'{room}/Juliet'))['vcard_temp']
    assert got['PHOTO']['BINVAL'] == PNG and got['FN'] == '', str(got)

    # He goes, is spoken of, and finds a notice when he comes: a text, and the way to the room (XEP-0249).
    romeo[MUC].leave_muc(room, 'Romeo')
    await romeo.log_out()
    for text in ('romeo, romeo', 'where is Romeo?'):
        juliet.make_message(mto=room, mbody=text, mtype='groupchat').send()
    await juliet['xep_0199'].ping(world.domain)
    romeo = world.actor('romeo', 'phone')
    for plugin in (MUC, 'xep_0249'):
        romeo.register_plugin(plugin)
    direct = asyncio.Queue()
    romeo.add_event_handler('groupchat_direct_invite', direct.put_nowait)
    await romeo.log_in()
    romeo.send_presence()
    notice = await asyncio.wait_for(direct.get(), PATIENCE)
    assert notice['body'] == 'Juliet mentioned you in The Garden.', str(notice)
    assert notice['groupchat_invite']['jid'] == room
    await asyncio.sleep(0.4)
    assert direct.empty(), 'one notice'

    # A direct invitation goes past the room.
    nurse.add_event_handler('groupchat_direct_invite', direct.put_nowait)
    romeo['xep_0249'].send_invitation(world.jid('nurse'), room, password='p', reason='come')
    invitation = await asyncio.wait_for(direct.get(), PATIENCE)
    assert invitation['from'] == romeo.boundjid
    assert (invitation['groupchat_invite']['jid'], invitation['groupchat_invite']['reason']) == (room, 'come')


play(scene)

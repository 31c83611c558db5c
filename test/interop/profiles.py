"""Old and new clients see the same person, the same picture and the same rooms, whichever of them writes."""

import asyncio
import base64
import hashlib

from actor import PATIENCE, befriend, play, refused, until
from slixmpp.plugins.xep_0048.stanza import Bookmarks
from slixmpp.xmlstream import ET

NEW = ['xep_0060', 'xep_0163', 'xep_0084', 'xep_0172', 'xep_0049', 'xep_0048']
OLD = ['xep_0054', 'xep_0153', 'xep_0055', 'xep_0049', 'xep_0048']
PNG = base64.b64decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')
OTHER = PNG + b'another'
ROOM = 'theplay@conference.example.test'
UPDATE = '{vcard-temp:x:update}x/{vcard-temp:x:update}photo'
NATIVE = 'urn:xmpp:bookmarks:1'


async def enters(world, name, resource, plugins):
    actor = world.actor(name, resource)
    for plugin in plugins:
        actor.register_plugin(plugin)
    await actor.log_in()
    actor.send_presence()
    await actor.sees(actor.boundjid.full)
    return actor


async def avatars(world, juliet, romeo):
    """By PEP from Juliet's new client; seen by Romeo's old one in presence and in her card. Then the other way round."""
    told = asyncio.Queue()
    juliet.add_event_handler('avatar_metadata_publish', told.put_nowait)
    digest = hashlib.sha1(PNG).hexdigest()
    await juliet['xep_0084'].publish_avatar(PNG, timeout=PATIENCE)
    await juliet['xep_0084'].publish_avatar_metadata(
        {'id': digest, 'type': 'image/png', 'bytes': len(PNG)}, timeout=PATIENCE)
    while True:
        presence = await romeo.sees(juliet.boundjid.full)
        if presence.xml.findtext(UPDATE) == digest:
            break
    card = await romeo['xep_0054'].get_vcard(juliet.boundjid.bare, cached=False, timeout=PATIENCE)
    assert card['vcard_temp']['PHOTO']['BINVAL'] == PNG, card
    assert card['vcard_temp']['PHOTO']['TYPE'] == 'image/png', card

    vcard = romeo['xep_0054'].make_vcard()
    vcard['FN'] = 'Romeo Montague'
    vcard['PHOTO']['TYPE'] = 'image/png'
    vcard['PHOTO']['BINVAL'] = OTHER
    await romeo['xep_0054'].publish_vcard(jid=romeo.boundjid.bare, vcard=vcard, timeout=PATIENCE)
    digest = hashlib.sha1(OTHER).hexdigest()
    while True:
        event = await asyncio.wait_for(told.get(), PATIENCE)
        if event['from'].bare == romeo.boundjid.bare:
            break
    item = event['pubsub_event']['items']['item']
    assert item['id'] == digest, event
    info = item.xml.find('.//{urn:xmpp:avatar:metadata}info')
    assert info.get('bytes') == str(len(OTHER)) and info.get('type') == 'image/png', event
    data = await juliet['xep_0084'].retrieve_avatar(romeo.boundjid.bare, digest, timeout=PATIENCE)
    assert data['pubsub']['items']['item']['avatar_data']['value'] == OTHER, data


async def names(world, juliet, romeo):
    """A nickname that is published is in the card; a card in the old format can be read in the new one."""
    await juliet['xep_0172'].publish_nick('Jule', timeout=PATIENCE)

    async def nick():
        card = await romeo['xep_0054'].get_vcard(juliet.boundjid.bare, cached=False, timeout=PATIENCE)
        return 'Jule' in str(card['vcard_temp']['NICKNAME'])

    await until('a nickname in the card', nick)
    items = await juliet['xep_0060'].get_items(romeo.boundjid.bare, 'urn:xmpp:vcard4', timeout=PATIENCE)
    four = items.xml.find('.//{urn:ietf:params:xml:ns:vcard-4.0}fn/{urn:ietf:params:xml:ns:vcard-4.0}text')
    assert four is not None and four.text == 'Romeo Montague', items


async def rooms(world, new, old):
    """Two clients of one person: what either keeps, the other finds."""
    bookmarks = Bookmarks()
    bookmarks.add_conference(ROOM, 'JC', name='The Play', autojoin=True)
    await old['xep_0048'].set_bookmarks(bookmarks, method='xep_0049', timeout=PATIENCE)

    async def native():
        try:
            items = await new['xep_0060'].get_items(new.boundjid.bare, NATIVE, timeout=PATIENCE)
        except Exception:
            return None
        return {item['id']: item['payload'] for item in items['pubsub']['items'] if item['payload'] is not None}

    room = (await until('a room of the old client', native))[ROOM]
    assert room.tag == f'{{{NATIVE}}}conference' and room.get('name') == 'The Play', ET.tostring(room)
    assert room.get('autojoin') == 'true' and room.findtext(f'{{{NATIVE}}}nick') == 'JC', ET.tostring(room)

    other = ET.fromstring(f"<conference xmlns='{NATIVE}' name='Orchard'><nick>J</nick></conference>")
    await new['xep_0060'].publish(new.boundjid.bare, NATIVE, id='orchard@conference.example.test', payload=other,
                                  timeout=PATIENCE)

    async def listed(method):
        answer = await old['xep_0048'].get_bookmarks(method=method, timeout=PATIENCE)
        if method == 'xep_0049':
            found = answer['private']['bookmarks']['conferences']
        else:
            found = answer['pubsub']['items']['item']['bookmarks']['conferences']
        return {conference['jid']: conference['nick'] for conference in found}

    expected = {ROOM: 'JC', 'orchard@conference.example.test': 'J'}
    for method in ('xep_0049', 'xep_0223'):
        async def both(method=method):
            return await listed(method) == expected
        await until(f'both rooms by {method}', both)


async def directory(world, romeo):
    """Romeo looks for people by name, with the form that the directory offers."""
    service = f'search.{world.domain}'
    info = (await romeo['xep_0030'].get_info(service, timeout=PATIENCE))['disco_info']
    assert ('directory', 'user') in {(category, kind) for category, kind, _, _ in info['identities']}, info
    iq = romeo['xep_0055'].make_search_iq(ito=service)
    iq['search']['form'].add_field('first', value='juli')
    answer = await iq.send(timeout=PATIENCE)
    found = [item['jid'] for item in answer['search']['form'].get_items()]
    assert found == [world.jid('juliet')], answer
    await refused(romeo.make_iq_get(queryxmlns='jabber:iq:private', ito=world.jid('juliet')).send(timeout=PATIENCE),
                  'service-unavailable')


async def scene(world):
    juliet = await enters(world, 'juliet', 'new', NEW)
    romeo = await enters(world, 'romeo', 'old', OLD)
    await befriend(juliet, romeo)
    await avatars(world, juliet, romeo)
    await names(world, juliet, romeo)
    desk = await enters(world, 'juliet', 'desk', OLD)
    await rooms(world, juliet, desk)
    await directory(world, romeo)


play(scene)

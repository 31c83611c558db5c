"""What people on two servers can know of each other and of the servers: disco, cards, pictures, and what changes in them."""

import asyncio
import hashlib

from abroad import both_enter
from actor import PATIENCE, befriend, play, refused, until
from slixmpp.xmlstream import ET

PLUGINS = ['xep_0060', 'xep_0163', 'xep_0084', 'xep_0054', 'xep_0153', 'xep_0172']


async def servers(one, there):
    """The other server says what it is and what it has."""
    info = (await one['xep_0030'].get_info(jid=there.domain, timeout=PATIENCE))['disco_info']
    assert ('server', 'im') in {(category, kind) for category, kind, _, _ in info['identities']}, info
    items = await one['xep_0030'].get_items(jid=there.domain, timeout=PATIENCE)
    assert {there.more['rooms'], there.more['uploads']} <= {jid for jid, _, _ in items['disco_items']['items']}, items
    await one['xep_0199'].ping(there.domain, timeout=PATIENCE)
    time = await one['xep_0202'].get_entity_time(there.domain, timeout=PATIENCE)
    assert time.xml.findtext('.//{urn:xmpp:time}utc'), time
    assert (await one['xep_0092'].get_version(there.domain, timeout=PATIENCE))['software_version']['name']
    rooms = (await one['xep_0030'].get_info(jid=there.more['rooms'], timeout=PATIENCE))['disco_info']
    assert 'http://jabber.org/protocol/muc' in rooms['features'], rooms
    # Nobody may upload where they have no account.
    slot = one.make_iq_get(ito=there.more['uploads'])
    slot.xml.append(ET.fromstring("<request xmlns='urn:xmpp:http:upload:0' filename='a.txt' size='10'/>"))
    await refused(slot.send(timeout=PATIENCE), 'not-authorized', 'forbidden', 'not-allowed', 'not-acceptable')


async def told(actor, event, sender, publish, expected):
    """The actor's client is told of what the sender publishes, who does so until then: what a client that has just come wants
    to know is learned by the other server in a moment, not at once."""
    heard = []
    actor.add_event_handler(event, lambda one: heard.append(one) if one['from'].bare == sender else None)

    async def once():
        await publish()
        await asyncio.sleep(0.1)
        return any(expected(one['pubsub_event']['items']['item']) for one in heard)

    await until(f'{actor.boundjid} is told of {event}', once)


async def picture(one, another, image):
    """A picture that one publishes is told to the other's client at once, which fetches it (XEP-0084, XEP-0163)."""
    digest = hashlib.sha1(image).hexdigest()
    await one['xep_0084'].publish_avatar(image, timeout=PATIENCE)

    async def publish():
        await one['xep_0084'].publish_avatar_metadata(
            {'id': digest, 'type': 'image/png', 'bytes': len(image)}, timeout=PATIENCE)

    await told(another, 'avatar_metadata_publish', one.boundjid.bare, publish, lambda item: item['id'] == digest)
    data = await another['xep_0084'].retrieve_avatar(one.boundjid.bare, digest, timeout=PATIENCE)
    assert data['pubsub']['items']['item']['avatar_data']['value'] == image, data


async def card(one, another, name):
    """A card that one publishes is read by the other (XEP-0054)."""
    vcard = one['xep_0054'].make_vcard()
    vcard['FN'] = name
    await one['xep_0054'].publish_vcard(jid=one.boundjid.bare, vcard=vcard, timeout=PATIENCE)

    async def read():
        found = await another['xep_0054'].get_vcard(one.boundjid.bare, cached=False, timeout=PATIENCE)
        return found['vcard_temp']['FN'] == name

    await until('the card', read)


async def nickname(one, another, nick):
    """The same for a name that one likes to be called by (XEP-0172)."""
    await told(another, 'user_nick_publish', one.boundjid.bare,
               lambda: one['xep_0172'].publish_nick(nick, timeout=PATIENCE), lambda item: item['nick']['nick'] == nick)


async def scene(world):
    pair = await both_enter(world, 1, plugins=PLUGINS)
    for actor in pair:
        for node in ('urn:xmpp:avatar:metadata', 'http://jabber.org/protocol/nick'):
            actor['xep_0163'].add_interest(node)
        await actor['xep_0115'].update_caps()
    for one, another in (pair, pair[::-1]):
        await servers(one, another.world)
    await befriend(*pair, told=False)
    # Some servers look at what a client wants to know only where the contact was one before it came.
    for one in pair:
        one.send_presence()
    for n, (one, another) in enumerate((pair, pair[::-1])):
        info = (await one['xep_0030'].get_info(jid=another.boundjid.full, timeout=PATIENCE))['disco_info']
        assert 'urn:xmpp:avatar:metadata+notify' in info['features'], info
        await card(one, another, f'Somebody {n}')
        await picture(one, another, f'not a picture: {n}'.encode())
        await nickname(one, another, f'nick {n}')


play(scene)

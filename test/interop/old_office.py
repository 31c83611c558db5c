"""The people of an office live on another server for a while: they talk, and leave behind all that a server keeps of somebody."""

import asyncio
import base64
import hashlib

from actor import PATIENCE, befriend, play
from slixmpp.xmlstream import ET

PLUGINS = ['xep_0049', 'xep_0054', 'xep_0060', 'xep_0084', 'xep_0163', 'xep_0172']
PNG = base64.b64decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')


async def enters(world, name, resource='desk'):
    actor = world.actor(name, resource)
    for plugin in PLUGINS:
        actor.register_plugin(plugin)
    await actor.log_in()
    actor.send_presence()
    await actor.sees(actor.boundjid.full)
    return actor


async def keeps(actor, xml):
    """Something of one's own (XEP-0049)."""
    iq = actor.make_iq_set(ET.fromstring(f"<query xmlns='jabber:iq:private'>{xml}</query>"))
    await iq.send(timeout=PATIENCE)


async def scene(world):
    anna = await enters(world, 'anna')
    ben = await enters(world, 'ben')
    carla = await enters(world, 'carla')
    await befriend(anna, ben, told=False)
    iq = anna.make_iq_set(ET.fromstring(
        f"<query xmlns='jabber:iq:roster'><item jid='{ben.boundjid.bare}' name='Ben &amp; Söhne'>"
        "<group>Sales</group><group>Friends &lt;3</group></item></query>"))
    await iq.send(timeout=PATIENCE)
    # One who asks to be let in, and is not answered before the move.
    carla.send_presence_subscription(anna.boundjid.bare)
    await anna.sees(carla.boundjid.bare, 'subscribe')

    card = anna['xep_0054'].make_vcard()
    card['FN'] = 'Anna Müller'
    card['PHOTO']['TYPE'] = 'image/png'
    card['PHOTO']['BINVAL'] = PNG
    await anna['xep_0054'].publish_vcard(card, timeout=PATIENCE)
    await keeps(anna, "<storage xmlns='storage:rosternotes'><note jid='ben@elsewhere.test'>likes &lt;tea&gt;</note></storage>")

    digest = hashlib.sha1(PNG).hexdigest()
    await ben['xep_0084'].publish_avatar(PNG, timeout=PATIENCE)
    await ben['xep_0084'].publish_avatar_metadata(
        {'id': digest, 'type': 'image/png', 'bytes': len(PNG)}, timeout=PATIENCE)
    for node, xml in world.more.get('items', {}).items():
        await ben['xep_0060'].publish(ben.boundjid.bare, node, id='current', payload=ET.fromstring(xml), timeout=PATIENCE)

    said = []
    for n in range(12):
        one, other = (anna, ben) if n % 2 == 0 else (ben, anna)
        body = f'line {n} <{chr(0x1F600)}>'
        one.says(other.boundjid.bare, body)
        await other.hears(body)
        said.append(body)
    if world.more.get('blocks'):
        await ben['xep_0191'].block(['spam@nowhere.test'], timeout=PATIENCE)

    # Carla goes home, and is told something that she will only read on the new server.
    await carla.log_out()
    anna.says(carla.boundjid.bare, 'see you tomorrow')
    anna.says(carla.boundjid.bare, 'at nine')
    await anna['xep_0199'].ping(world.domain)
    await asyncio.sleep(0.5)
    return {'said': said, 'photo': digest}


play(scene)

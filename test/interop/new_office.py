"""The people of an office come to their new server, with the passwords of before, and find what they left behind."""

from actor import PATIENCE, play, until
from slixmpp.xmlstream import ET


async def arrives(world, name, mechanisms=None):
    actor = world.actor(name, mechanisms=mechanisms)
    for plugin in ['xep_0049', 'xep_0054', 'xep_0060', 'xep_0084', 'xep_0163', 'xep_0172']:
        actor.register_plugin(plugin)
    await actor.log_in()
    # What it was offered is what the account can: the first try was right.
    assert actor.failures == [], f'{name}: {actor.failures}'
    return actor


async def scene(world):
    told = world.more
    anna = await arrives(world, 'anna')
    ben = await arrives(world, 'ben')
    carla = await arrives(world, 'carla')
    used = {actor.boundjid.user: actor.mechanism for actor in (anna, ben, carla)}

    contacts = await anna.contacts()
    friend = contacts[ben.boundjid.bare]
    assert friend['subscription'] == 'both' and friend['name'] == 'Ben & Söhne', contacts
    assert sorted(friend['groups']) == ['Friends <3', 'Sales'], contacts
    assert carla.boundjid.bare not in contacts, contacts
    asked = (await carla.contacts())[anna.boundjid.bare]
    assert asked['subscription'] == 'none' and asked['ask'] == 'subscribe', asked

    # Who had asked before the move is answered after it.
    anna.send_presence()
    await anna.sees(carla.boundjid.bare, 'subscribe')
    anna.send_presence(pto=carla.boundjid.bare, ptype='subscribed')
    ben.send_presence()
    await ben.sees(anna.boundjid.full)
    carla.send_presence()
    await carla.sees(anna.boundjid.full)
    assert (await carla.contacts())[anna.boundjid.bare]['subscription'] == 'to'

    card = (await ben['xep_0054'].get_vcard(anna.boundjid.bare, cached=False, timeout=PATIENCE))['vcard_temp']
    assert card['FN'] == 'Anna Müller', card
    iq = anna.make_iq_get()
    iq.append(ET.fromstring("<query xmlns='jabber:iq:private'><storage xmlns='storage:rosternotes'/></query>"))
    notes = await iq.send(timeout=PATIENCE)
    assert notes.xml.find('.//{storage:rosternotes}note').text == 'likes <tea>', notes

    # Their pictures, by new ways and by old ones, wherever they stood in the files.
    for owner, reader in ((anna, ben), (ben, anna)):
        async def photo(owner=owner, reader=reader):
            found = (await reader['xep_0054'].get_vcard(owner.boundjid.bare, cached=False, timeout=PATIENCE))['vcard_temp']
            return found['PHOTO']['BINVAL']
        await until(f'no photo of {owner.boundjid.bare}', photo)
        data = await reader['xep_0084'].retrieve_avatar(owner.boundjid.bare, told['photo'], timeout=PATIENCE)
        assert data['pubsub']['items']['item']['avatar_data']['value'], data
    if told['nodes']:
        nick = await anna['xep_0060'].get_items(ben.boundjid.bare, 'http://jabber.org/protocol/nick', timeout=PATIENCE)
        assert nick.xml.find('.//{http://jabber.org/protocol/nick}nick').text == 'Benny', nick

    # What waited, with the time at which it was said.
    if told['waiting']:
        for body in ('see you tomorrow', 'at nine'):
            message = await carla.hears(body)
            assert message['delay']['stamp'].timestamp() < told['moved'], message
    else:
        await carla.hears_nothing()
    blocked = await ben['xep_0191'].get_blocked(timeout=PATIENCE)
    assert sorted(map(str, blocked['blocklist']['items'])) == told['blocked'], blocked

    # The archive: all of it, once, in order, with its times.
    archive = await anna.archive(with_jid=ben.boundjid.bare)
    assert [body for body, _, _ in archive] == told['archived'], archive
    stamps = [stamp for _, _, stamp in archive]
    assert stamps == sorted(stamps) and all(stamp.timestamp() < told['moved'] for stamp in stamps), archive
    assert [body for body, _, _ in await ben.archive(with_jid=anna.boundjid.bare)] == told['archived']

    # And life goes on.
    anna.says(ben.boundjid.bare, 'so here we are')
    await ben.hears('so here we are')
    assert [body for body, _, _ in await ben.archive()][-1] == 'so here we are'
    return used


play(scene)

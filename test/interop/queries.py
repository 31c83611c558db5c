"""What the server answers about itself and about people, and a client that looks away."""

import asyncio
from datetime import datetime, timedelta, timezone

from actor import PATIENCE, befriend, play, refused

SERVER = {
    'http://jabber.org/protocol/disco#info', 'http://jabber.org/protocol/disco#items', 'http://jabber.org/protocol/commands',
    'jabber:iq:last', 'jabber:iq:version', 'msgoffline', 'urn:xmpp:blocking', 'urn:xmpp:carbons:2', 'urn:xmpp:ping',
    'urn:xmpp:time',
}
ACCOUNT = {'urn:xmpp:mam:2', 'urn:xmpp:sid:0'}


async def scene(world):
    juliet = await world.enters('juliet')
    romeo = await world.enters('romeo', 'garden')
    await befriend(juliet, romeo)

    assert await juliet['xep_0199'].ping(world.domain, timeout=PATIENCE) < 5
    version = (await juliet['xep_0092'].get_version(world.domain, timeout=PATIENCE))['software_version']
    assert version['name'] == 'Hallway' and version['version'], version
    told = (await juliet['xep_0202'].get_entity_time(world.domain, timeout=PATIENCE))['entity_time']
    utc = told.xml.findtext('{urn:xmpp:time}utc')
    assert utc.endswith('Z') and told.xml.findtext('{urn:xmpp:time}tzo'), told
    assert abs(datetime.fromisoformat(utc) - datetime.now(timezone.utc)) < timedelta(seconds=5), told
    uptime = await juliet['xep_0012'].get_last_activity(world.domain, timeout=PATIENCE)
    assert 0 <= uptime['last_activity']['seconds'] < 3600, uptime

    info = (await juliet['xep_0030'].get_info(world.domain, timeout=PATIENCE))['disco_info']
    assert ('server', 'im') in {(category, kind) for category, kind, _, _ in info['identities']}, info
    assert SERVER <= set(info['features']), SERVER - set(info['features'])
    own = (await juliet['xep_0030'].get_info(juliet.boundjid.bare, timeout=PATIENCE))['disco_info']
    assert ('account', 'registered') in {(category, kind) for category, kind, _, _ in own['identities']}, own
    assert ACCOUNT <= set(own['features']), ACCOUNT - set(own['features'])
    await juliet['xep_0030'].get_items(world.domain, timeout=PATIENCE)

    # One client asks another: the server only carries it.
    there = await juliet['xep_0092'].get_version(romeo.boundjid.full, timeout=PATIENCE)
    assert there['software_version']['name'] == 'Slixmpp', there

    # When somebody was last here: for friends only (XEP-0012 §4).
    await romeo.log_out()
    await juliet.sees(romeo.boundjid.full, 'unavailable')
    last = await juliet['xep_0012'].get_last_activity(romeo.boundjid.bare, timeout=PATIENCE)
    assert 0 <= last['last_activity']['seconds'] < 60, last
    nurse = await world.enters('nurse')
    await refused(nurse['xep_0012'].get_last_activity(romeo.boundjid.bare, timeout=PATIENCE), 'service-unavailable')
    await refused(juliet.make_iq_get(queryxmlns='urn:example:unknown', ito=world.domain).send(timeout=PATIENCE),
                  'service-unavailable')

    # Nobody looks: presence waits, a message does not and takes along what waited (XEP-0352).
    romeo = await world.enters('romeo', 'orchard')
    await juliet.sees(romeo.boundjid.full)
    juliet['xep_0352'].send_inactive()
    await juliet['xep_0199'].ping(world.domain, timeout=PATIENCE)
    for show in ('away', 'dnd', 'xa'):
        romeo.send_presence(pshow=show)
    await romeo['xep_0199'].ping(world.domain, timeout=PATIENCE)
    await asyncio.sleep(0.5)
    assert juliet.presences.empty(), juliet.presences.get_nowait()
    romeo.says(juliet.boundjid.full, 'Look!')
    await juliet.hears('Look!')
    shown = [juliet.presences.get_nowait()['type'] for _ in range(juliet.presences.qsize())]
    assert shown == ['xa'], shown
    romeo.send_presence(pshow='chat')
    await romeo['xep_0199'].ping(world.domain, timeout=PATIENCE)
    assert juliet.presences.empty()
    juliet['xep_0352'].send_active()
    assert (await juliet.sees(romeo.boundjid.full))['show'] == 'chat'


play(scene)

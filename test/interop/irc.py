"""Juliet joins an IRC channel through a gateway that is a component (XEP-0114), and talks with somebody who is on IRC."""

from actor import PATIENCE, play
from irc_person import IrcPerson
from visit import MUC, Visit, enters


async def scene(world):
    gateway = world.more['gateway']
    address, port = world.more['irc']
    rosa = IrcPerson('rosa')
    await rosa.enters(address, port)
    rosa.says('JOIN #test')
    await rosa.hears(' 366 ')
    rosa.says('TOPIC #test :Sweets and fishes')
    await rosa.hears(' TOPIC ')

    # The gateway is found among the services, and says what it is.
    juliet = await enters(world, 'juliet')
    items = await juliet['xep_0030'].get_items(jid=world.domain, timeout=PATIENCE)
    assert gateway in {jid for jid, _, _ in items['disco_items']['items']}, items
    info = (await juliet['xep_0030'].get_info(jid=gateway, timeout=PATIENCE))['disco_info']
    assert ('conference', 'irc') in {(category, kind) for category, kind, _, _ in info['identities']}, info

    # A channel is a room.
    room = f'#test%{address}@{gateway}'
    visit = Visit(juliet, room)
    own, subject, others, _ = await visit.comes('juliet')
    assert (110 in own, subject, others) == (True, 'Sweets and fishes', {'rosa'}), (own, subject, others)
    await rosa.hears(':juliet!')
    visit.says('Good day, Rosa! ☕')
    assert (await rosa.hears('PRIVMSG')).endswith('PRIVMSG #test :Good day, Rosa! ☕')
    await visit.hears('juliet', 'Good day, Rosa! ☕')
    rosa.says('PRIVMSG #test :Good day, lady.')
    await visit.hears('rosa', 'Good day, lady.')

    # Between the two alone.
    aside = juliet.make_message(mto=f'{room}/rosa', mbody='not for all', mtype='chat')
    aside.send()
    assert (await rosa.hears('PRIVMSG rosa')).endswith(':not for all')
    rosa.says('PRIVMSG juliet :nor is this')
    answer = await juliet.hears()
    # The gateway tells of its way to the other server, and all that is said in the channel is a message, too.
    while answer['from'].bare != room or answer['type'] != 'chat':
        answer = await juliet.hears()
    assert (answer['from'].resource, answer['body']) == ('rosa', 'nor is this'), str(answer)

    # The gateway keeps what was said (XEP-0313).
    kept = [entry async for entry in juliet['xep_0313'].iterate(jid=room)]
    bodies = [entry['mam_result']['forwarded']['stanza']['body'] for entry in kept]
    assert bodies == ['Good day, Rosa! ☕', 'Good day, lady.'], bodies

    # Others come, and one goes.
    rosa.says('NICK rose')
    await visit.sees('rosa', 'unavailable', 303)
    await visit.sees('rose')
    juliet[MUC].leave_muc(room, 'juliet')
    await rosa.hears('PART')


play(scene)

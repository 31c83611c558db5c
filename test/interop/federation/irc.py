"""Somebody of another server joins an IRC channel through the gateway of ours (XEP-0114)."""

from abroad import enters_with, names
from actor import play
from irc_person import IrcPerson
from visit import MUC, Visit


async def scene(world):
    address, port = world.more['irc']
    rosa = IrcPerson('rosa')
    await rosa.enters(address, port)
    rosa.says('JOIN #test')
    await rosa.hears(' 366 ')
    their = world.abroad['other']
    guest = await enters_with(their, names(their)[0], 'irc', [MUC])
    visit = Visit(guest, f'#test%{address}@{world.more["gateway"]}')
    _, _, others, _ = await visit.comes('guest')
    assert others == {'rosa'}, others
    await rosa.hears(':guest!')
    visit.says('Good day!')
    await rosa.hears('PRIVMSG #test :Good day!')
    await visit.hears('guest', 'Good day!')
    rosa.says('PRIVMSG #test :Welcome.')
    await visit.hears('rosa', 'Welcome.')


play(scene)

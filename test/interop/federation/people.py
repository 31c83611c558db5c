"""Two people on two servers: they become contacts, see each other, write, and part (RFC 6121)."""

import asyncio

from abroad import both_enter, hears_all
from actor import PATIENCE, befriend, play


async def message_refused(actor, to):
    """A message to this address comes back, once."""
    actor.says(to, 'is anybody there?')
    error = await actor.hears()
    assert error['type'] == 'error' and error['from'].bare == to, str(error)


async def misses(one, another, bodies):
    """One writes while another is away, who then comes back: the new client of theirs."""
    await another.log_out()
    await one.sees(another.boundjid.full, 'unavailable')
    for body in bodies:
        one.says(another.boundjid.bare, body)
    # An answer to it comes after all of them were taken.
    await one['xep_0199'].ping(another.boundjid.domain, timeout=PATIENCE)
    back = await another.world.enters(another.boundjid.user)
    await hears_all(back, bodies)
    await one.sees(back.boundjid.full)
    return back


async def scene(world):
    other = world.abroad['other']
    hers, his = pair = await both_enter(world)
    await befriend(hers, his, told=False)

    # Each sees what the other does, on further devices, too.
    for one, another in (pair, pair[::-1]):
        one.send_presence(pshow='dnd', pstatus='in a duel')
        seen = await another.sees(one.boundjid.full)
        while seen['show'] != 'dnd':  # it was seen before, more than once from some
            seen = await another.sees(one.boundjid.full)
        assert seen['status'] == 'in a duel', str(seen)
        phone = await one.world.enters(one.boundjid.user, 'phone', present=False)
        phone.send_presence()
        await phone.sees(another.boundjid.full)
        await another.sees(phone.boundjid.full)
        await phone.log_out()
        await another.sees(phone.boundjid.full, 'unavailable')

    # What they write arrives as it was written, in order.
    bodies = [f'line {n} <&> ☕' for n in range(40)]
    for one, another in (pair, pair[::-1]):
        for body in bodies:
            one.says(another.boundjid.bare, body)
        await hears_all(another, bodies)
    both = [asyncio.create_task(hears_all(one, bodies)) for one in pair]
    for body in bodies:
        hers.says(his.boundjid.full, body)
        his.says(hers.boundjid.full, body)
    await asyncio.gather(*both)

    # Each has all of it in the own archive (XEP-0313).
    for one, another in (pair, pair[::-1]):
        found = await one.archive(with_jid=another.boundjid.bare, rsm={'max': 50})
        assert [body for body, _, _ in found if body].count(bodies[7]) == 4, len(found)
        assert len(found) == 4 * len(bodies), len(found)

    # Who is away finds it on coming back.
    his = await misses(hers, his, bodies[:5])
    hers = await misses(his, hers, bodies[:5])

    # Whom there is not gets nothing, and that is told.
    await message_refused(hers, other.jid('nobody'))
    await message_refused(his, world.jid('nobody'))

    # One takes the other off the list: they see each other no more.
    hers.del_roster_item(his.boundjid.bare)
    await his.sees(hers.boundjid.full, 'unavailable')
    his.del_roster_item(hers.boundjid.bare)


play(scene)

"""Blocked people are not heard, not seen, and see nobody (XEP-0191)."""

import asyncio

from actor import PATIENCE, befriend, play


async def scene(world):
    juliet = await world.enters('juliet')
    phone = await world.enters('juliet', 'phone')
    tybalt = await world.enters('tybalt', 'street')
    await befriend(juliet, tybalt)
    pushed = asyncio.Queue()
    for actor in (juliet, phone):
        actor.add_event_handler('blocked', pushed.put_nowait)
        actor.add_event_handler('unblocked', pushed.put_nowait)
        await actor['xep_0191'].get_blocked(timeout=PATIENCE)

    await juliet['xep_0191'].block(tybalt.boundjid.bare, timeout=PATIENCE)
    for _ in range(2):
        assert tybalt.boundjid.bare in str(await asyncio.wait_for(pushed.get(), PATIENCE))
    listed = await phone['xep_0191'].get_blocked(timeout=PATIENCE)
    assert [str(jid) for jid in listed['blocklist']['items']] == [tybalt.boundjid.bare], listed
    # To the blocked she is gone (§3.2).
    for _ in range(2):
        await tybalt.sees(juliet.boundjid.bare, 'unavailable')

    tybalt.says(juliet.boundjid.bare, 'I hate the word')
    answer = await tybalt.hears()
    assert answer['type'] == 'error' and answer['error']['condition'] == 'service-unavailable', answer
    await juliet.hears_nothing()
    # And she cannot speak to whom she blocked (§3.5).
    juliet.says(tybalt.boundjid.bare, 'Peace!')
    answer = await juliet.hears()
    assert answer['type'] == 'error' and answer['error']['condition'] == 'not-acceptable', answer
    await tybalt.hears_nothing()

    await juliet['xep_0191'].unblock(tybalt.boundjid.bare, timeout=PATIENCE)
    await tybalt.sees(juliet.boundjid.bare)
    tybalt.says(juliet.boundjid.full, 'As I hate hell')
    await juliet.hears('As I hate hell')


play(scene)

"""A socket is cut and nothing is lost or doubled (XEP-0198)."""

import asyncio

from actor import PATIENCE, play


async def cut(actor):
    """As a train that enters a tunnel: no goodbye."""
    actor.ended.clear()
    actor.transport.abort()
    await asyncio.wait_for(actor.ended.wait(), PATIENCE)


async def scene(world):
    romeo = await world.enters('romeo', 'garden')
    juliet = await world.enters('juliet', managed=True)
    sm = juliet['xep_0198']
    assert sm.enabled_in and sm.sm_id, 'stream management is not enabled'

    # Each stanza is acknowledged when asked.
    acked = []
    juliet.add_event_handler('stanza_acked', lambda stanza: acked.append(str(stanza['body'])))
    for n in range(5):
        juliet.says(romeo.boundjid.full, f'before {n}')
        await romeo.hears(f'before {n}')
    sm.request_ack()
    for _ in range(100):
        if len([body for body in acked if body.startswith('before')]) == 5:
            break
        await asyncio.sleep(0.05)
    assert [body for body in acked if body] == [f'before {n}' for n in range(5)], acked

    for n in range(3):
        romeo.says(juliet.boundjid.full, f'early {n}')
    for n in range(3):
        await juliet.hears(f'early {n}')

    for round in range(3):
        token = sm.sm_id
        await cut(juliet)
        # Said to the device while it is away, and by it before it is back.
        for n in range(20):
            romeo.says(juliet.boundjid.full, f'tunnel {round}.{n}')
        await romeo['xep_0199'].ping(world.domain)
        await juliet.log_in(expect='session_resumed')
        assert sm.sm_id == token, 'another session'
        for n in range(20):
            heard = await juliet.hears(f'tunnel {round}.{n}')
            assert not heard.xml.findall('{urn:xmpp:delay}delay') or heard['delay']['stamp']
        juliet.says(romeo.boundjid.full, f'daylight {round}')
        await romeo.hears(f'daylight {round}')
    await juliet.hears_nothing()
    await romeo.hears_nothing()

    found = [body for body, _, _ in await juliet.archive(with_jid=romeo.boundjid.bare)]
    assert len(found) == len(set(found)) == 5 + 3 + 60 + 3, found

    # Who says goodbye is gone for good, and what comes then waits for the next session.
    await juliet.log_out()
    romeo.says(juliet.boundjid.full, 'too late')
    later = await world.enters('juliet', 'desk')
    heard = await later.hears('too late')
    assert heard['delay']['stamp'], heard



play(scene)

"""Who was away finds what was said, once, in order, with the time it was said (XEP-0160, XEP-0203)."""

import asyncio
from datetime import datetime, timedelta, timezone

from actor import play


async def scene(world):
    romeo = await world.enters('romeo', 'garden')
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    for n in range(5):
        romeo.says(world.jid('juliet'), f'while you slept {n}')
    await romeo['xep_0199'].ping(world.domain)
    after = datetime.now(timezone.utc) + timedelta(seconds=1)
    await asyncio.sleep(1.2)

    # Somebody who is not to be disturbed by it: a negative priority gets nothing.
    watch = await world.enters('juliet', 'watch', present=False)
    watch.send_presence(ppriority=-1)
    await watch.sees(watch.boundjid.full)
    await watch.hears_nothing()

    juliet = await world.enters('juliet', 'desk')
    for n in range(5):
        heard = await juliet.hears(f'while you slept {n}')
        assert heard['from'] == romeo.boundjid.full, heard
        stamp = heard['delay']['stamp']
        assert before <= stamp <= after, (before, stamp, after)
        assert heard['delay']['from'] == world.domain, heard
    await juliet.log_out()

    again = await world.enters('juliet', 'desk')
    await again.hears_nothing()


play(scene)

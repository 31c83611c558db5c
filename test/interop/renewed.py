"""Two people stay connected while the certificate changes under them; who comes afterwards sees the new one."""

import asyncio
import os

from actor import play


async def scene(world):
    juliet = await world.enters('juliet')
    romeo = await world.enters('romeo')
    lost = []
    for actor in (juliet, romeo):
        actor.add_event_handler('disconnected', lambda reason: lost.append(str(reason)))
    before = juliet.transport.get_extra_info('ssl_object').getpeercert(binary_form=True)
    open(world.more['here'], 'w').close()
    while not os.path.exists(world.more['go']):
        romeo.says(juliet.boundjid.full, 'still here?')
        await juliet.hears('still here?')
        await asyncio.sleep(0.1)
    # Over the same connections.
    romeo.says(juliet.boundjid.full, 'the same as before')
    await juliet.hears('the same as before')
    assert lost == [], lost
    world.authority = world.more['authority']
    nurse = await world.enters('nurse')
    after = nurse.transport.get_extra_info('ssl_object').getpeercert(binary_form=True)
    nurse.says(juliet.boundjid.full, 'I have just come')
    await juliet.hears('I have just come')
    assert before != after
    assert lost == [], lost


play(scene)

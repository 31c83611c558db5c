"""What the scenes between two servers share."""

import asyncio
import contextlib

from actor import PATIENCE


def names(place):
    """Who lives there."""
    return list(place.people)


async def both_enter(world, which=0, resource='desk', plugins=()):
    """Somebody here and somebody there."""
    return [await enters_with(place, names(place)[which], resource, plugins)
            for place in (world, world.abroad['other'])]


async def enters_with(place, name, resource='desk', plugins=()):
    actor = place.actor(name, resource)
    for plugin in plugins:
        actor.register_plugin(plugin)
    await actor.log_in()
    actor.send_presence()
    await actor.sees(actor.boundjid.full)
    return actor


async def hears_all(actor, bodies):
    """Exactly these, in this order."""
    heard = [(await actor.hears())['body'] for _ in bodies]
    assert heard == bodies, (heard, bodies)


async def until(what, check):
    """Asks again until it is so: one side follows the other in a moment, not at once."""
    found = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await check()
                if found:
                    return found
                await asyncio.sleep(0.05)
    raise AssertionError(what)

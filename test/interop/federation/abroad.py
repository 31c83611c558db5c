"""What the scenes between two servers share."""


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

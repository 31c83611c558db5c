"""Two servers that are not ours, and a person on each: they see each other, talk, and meet in a room of one of them."""

from actor import befriend, play


async def scene(world):
    tybalt = await world.enters('tybalt')
    mercutio = await world.abroad['other'].enters('mercutio')
    await befriend(tybalt, mercutio, told=False)
    for body in ('one', 'two', 'three'):
        tybalt.says(mercutio.boundjid.bare, body)
        await mercutio.hears(body)
        mercutio.says(tybalt.boundjid.bare, body)
        await tybalt.hears(body)


play(scene)

"""Parts of a scene in which a server goes down and comes back: what somebody writes meanwhile, and what somebody else finds."""

import asyncio
import os

from abroad import enters_with, hears_all, names
from actor import PATIENCE, play
from visit import MUC, Visit


async def writes(actor, to, bodies):
    """All of it is the server's: it has said so (XEP-0198), and nothing comes back."""
    for body in bodies:
        actor.says(to, body)
    acknowledged = actor['xep_0198']
    async with asyncio.timeout(PATIENCE):
        while acknowledged.last_ack < acknowledged.seq:
            acknowledged.request_ack()
            await asyncio.sleep(0.05)
    await actor.hears_nothing()


async def ours_write(world, bodies):
    """One of ours writes to one of theirs, who is not there."""
    writer = await world.enters(our_name(world), 'writer', managed=True)
    await writes(writer, their_address(world), bodies)
    await writer.log_out()


async def they_read(world, bodies):
    """One of theirs comes and finds this, in this order, each once."""
    their = world.abroad['other']
    reader = await their.enters(names(their)[1], 'reader')
    await hears_all(reader, bodies)
    await reader.hears_nothing()
    await reader.log_out()


async def they_read_at_least(world, bodies):
    """Each is there, in order. What arrived and could not be confirmed may be there once more."""
    their = world.abroad['other']
    reader = await their.enters(names(their)[1], 'reader')
    heard = []
    while len(set(heard)) < len(bodies):
        heard.append((await reader.hears())['body'])
    first = list(dict.fromkeys(heard))
    assert first == bodies, first
    return {'twice': len(heard) - len(bodies)}


async def they_write(world, bodies):
    """One of theirs writes while our server is down: each message comes back (from some more than once)."""
    their = world.abroad['other']
    writer = await their.enters(names(their)[1], 'writer')
    for body in bodies:
        writer.says(our_address(world), body)
    failed = set()
    while len(failed) < len(bodies):
        error = await writer.hears()
        assert error['type'] == 'error' and error['from'].bare == our_address(world), str(error)
        failed.add(error['id'])
    await writer.log_out()


async def all_is_well(world, bodies):
    """Both are back: they hear each other."""
    their = world.abroad['other']
    ours = await world.enters(our_name(world))
    other = await their.enters(names(their)[1])
    for body in bodies:
        ours.says(other.boundjid.bare, body)
    await hears_all(other, bodies)
    for body in bodies:
        other.says(ours.boundjid.bare, body)
        # A server that could not reach ours a moment ago may not try at once.
        heard = await either(ours, other)
        while heard['type'] == 'error':
            await asyncio.sleep(0.2)
            other.says(ours.boundjid.bare, body)
            heard = await either(ours, other)
        assert heard['body'] == body, str(heard)


async def either(one, other):
    """What one of the two hears first."""
    tasks = [asyncio.create_task(actor.hears()) for actor in (one, other)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
    for task in pending:
        task.cancel()
    assert done, 'nobody heard anything'
    return done.pop().result()


async def room_is_left(world, bodies):
    """Their server is killed with one of theirs in a room of ours: who is not there any more is seen to be gone."""
    their = world.abroad['other']
    owner = await enters_with(world, our_name(world), 'owner', [MUC])
    guest = await enters_with(their, names(their)[1], 'guest', [MUC])
    room = f'square-of-{guest.boundjid.user}@{world.more["rooms"]}'
    own, its = Visit(owner, room), Visit(guest, room)
    await own.comes('Owner')
    await owner[MUC].set_room_config(room, owner['xep_0004'].make_form(ftype='submit'), timeout=PATIENCE)
    await its.comes('Guest')
    await own.sees('Guest')
    ready, killed = world.more['ready'], world.more['killed']
    with open(ready, 'w', encoding='utf-8'):
        pass
    async with asyncio.timeout(60):
        while not os.path.exists(killed):
            await asyncio.sleep(0.05)
    for body in bodies:
        own.says(body)
        await own.hears('Owner', body)
    async with asyncio.timeout(30):
        await own.seen.get()
    assert 'Guest' not in owner[MUC].get_roster(room), owner[MUC].get_roster(room)


def our_name(world):
    return names(world)[world.more['who']]


def our_address(world):
    return world.jid(our_name(world))


def their_address(world):
    return world.abroad['other'].jid(names(world.abroad['other'])[1])


PARTS = {part.__name__: part for part in (
    ours_write, they_read, they_read_at_least, they_write, all_is_well, room_is_left)}


async def scene(world):
    return await PARTS[world.more['part']](world, world.more['bodies'])


play(scene)

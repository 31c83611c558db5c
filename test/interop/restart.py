"""The server is stopped and started again while people talk: nobody loses a word, hears one twice, or is seen to go."""

import asyncio
import json
import os

from actor import PATIENCE, befriend, play

ROOM = 'garden@conference.'


async def comes_back(actor, ports):
    """As a client does by itself: again and again until the server is there."""
    actor.world.ports = ports
    await actor.log_in(expect='session_resumed')


def bodies(actor):
    """All that was heard so far, by kind."""
    heard = {'chat': [], 'groupchat': []}
    while not actor.messages.empty():
        message = actor.messages.get_nowait()
        assert message['type'] != 'error', f'{actor.boundjid}: {message}'
        if message['body']:
            heard[message['type']].append(message['body'])
    return heard


async def scene(world):
    room = ROOM + world.domain
    juliet = await world.enters('juliet', managed=True)
    romeo = await world.enters('romeo', managed=True)
    nurse = await world.enters('nurse')  # her client knows nothing of this
    people = [juliet, romeo]
    await befriend(juliet, romeo)
    for actor in people:
        actor.register_plugin('xep_0045')
        await actor.joins(room, str(actor.boundjid.user))
        if actor is juliet:
            await actor['xep_0045'].set_room_config(room, (await actor['xep_0045'].get_room_config(room)))
    for actor in people:
        bodies(actor)
        while not actor.presences.empty():
            actor.presences.get_nowait()
    assert nurse.boundjid.resource == 'desk'

    said = {actor.boundjid.user: [] for actor in people}
    talking = True

    async def talk(actor, other):
        n = 0
        while talking:
            body = f'{actor.boundjid.user} {n}'
            actor.says(other.boundjid.bare, body)
            actor.send_message(mto=room, mbody=body, mtype='groupchat')
            said[actor.boundjid.user].append(body)
            n += 1
            await asyncio.sleep(0.02)

    talks = [asyncio.create_task(talk(juliet, romeo)), asyncio.create_task(talk(romeo, juliet))]
    await asyncio.sleep(0.5)
    tokens = [actor['xep_0198'].sm_id for actor in people]
    open(world.more['ready'], 'w').close()
    await asyncio.gather(*(asyncio.wait_for(actor.ended.wait(), 30) for actor in [*people, nurse]))
    talking = False
    await asyncio.gather(*talks)
    # What they say while there is no server, their clients keep.
    for actor, other in ((juliet, romeo), (romeo, juliet)):
        body = f'{actor.boundjid.user} alone'
        actor.says(other.boundjid.bare, body)
        actor.send_message(mto=room, mbody=body, mtype='groupchat')
        said[actor.boundjid.user].append(body)
    while not os.path.exists(world.more['back']):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    with open(world.more['back'], encoding='utf-8') as file:
        ports = json.load(file)
    for actor in people:
        while not actor.happened.empty():
            actor.happened.get_nowait()
        await comes_back(actor, ports)
    assert tokens == [actor['xep_0198'].sm_id for actor in people], 'other sessions'
    for actor, other in ((juliet, romeo), (romeo, juliet)):
        body = f'{actor.boundjid.user} after'
        actor.says(other.boundjid.bare, body)
        actor.send_message(mto=room, mbody=body, mtype='groupchat')
        said[actor.boundjid.user].append(body)
    for _ in range(2):
        for actor in people:
            await actor['xep_0199'].ping(world.domain)
        await asyncio.sleep(0.5)

    for actor, other in ((juliet, romeo), (romeo, juliet)):
        heard = bodies(actor)
        mine, theirs = said[actor.boundjid.user], said[other.boundjid.user]
        assert heard['chat'] == theirs, (actor.boundjid, len(theirs), heard['chat'])
        assert [body for body in heard['groupchat'] if body in mine] == mine, (actor.boundjid, heard['groupchat'])
        assert [body for body in heard['groupchat'] if body in theirs] == theirs, (actor.boundjid, heard['groupchat'])
        assert len(heard['groupchat']) == len(mine) + len(theirs)
        while not actor.presences.empty():
            presence = actor.presences.get_nowait()
            gone = presence['type'] == 'unavailable' and presence['from'].bare in (other.boundjid.bare, room)
            assert not gone, f'{actor.boundjid} saw {presence}'
    # Whose client cannot resume logs in as ever.
    while not nurse.happened.empty():
        nurse.happened.get_nowait()
    nurse.world.ports = ports
    await nurse.log_in()
    return {'said': sum(len(all) for all in said.values())}


play(scene)

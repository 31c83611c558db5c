"""Two people talk to each other and in a room while the server is upgraded: what they heard, and how long they heard nothing."""

import asyncio
import os
import time

from actor import PATIENCE, play

PAUSE = 0.05


class Talker:
    def __init__(self, actor):
        self.actor = actor
        self.said = []
        self.chat = []
        self.room = []
        self.heard_at = time.monotonic()
        self.gap = 0
        self.cuts = 0
        self.sessions = 0
        self.over = False
        actor.add_event_handler('message', self.hear)
        actor.add_event_handler('session_start', self.began)

    def began(self, _):
        self.sessions += 1

    def hear(self, message):
        if not message['body']:
            return
        now = time.monotonic()
        self.gap = max(self.gap, now - self.heard_at)
        self.heard_at = now
        (self.room if message['type'] == 'groupchat' else self.chat).append(message['body'])

    async def stay(self):
        """Comes back whenever it was cut off, as clients do."""
        while not self.over:
            await asyncio.sleep(0.05)
            if not self.actor.ended.is_set():
                continue
            self.cuts += 1
            while True:
                self.actor.dial()
                while not self.actor.happened.empty():
                    self.actor.happened.get_nowait()
                try:
                    event = await asyncio.wait_for(self.actor.happened.get(), 5)
                except TimeoutError:
                    event = 'nothing'
                if event in ('session_start', 'session_resumed'):
                    break
                self.actor.cancel_connection_attempt()
                await asyncio.sleep(0.2)

    async def talk(self, other, room):
        n = 0
        while not self.over:
            body = f'{self.actor.boundjid.user} {self.actor.world.more["scene"]}.{n}'
            self.said.append(body)
            self.actor.says(other.boundjid.bare, body)
            self.actor.send_message(mto=room, mbody=body, mtype='groupchat')
            n += 1
            await asyncio.sleep(PAUSE)


async def scene(world):
    room = f'garden@conference.{world.domain}'
    people = []
    for name in ('juliet', 'romeo'):
        actor = await world.enters(name, managed=True)
        actor.register_plugin('xep_0045')
        await actor.joins(room, name)
        if not people:
            await actor['xep_0045'].set_room_config(room, (await actor['xep_0045'].get_room_config(room)))
        people.append(Talker(actor))
    juliet, romeo = people
    tasks = [asyncio.create_task(one.stay()) for one in people]
    tasks += [asyncio.create_task(juliet.talk(romeo.actor, room)), asyncio.create_task(romeo.talk(juliet.actor, room))]
    open(world.more['ready'], 'w').close()
    while not os.path.exists(world.more['done']):
        await asyncio.sleep(0.1)
    for one in people:
        one.over = True
    await asyncio.gather(*tasks)
    for _ in range(100):
        if all(len(one.chat) >= len(other.said) for one, other in ((juliet, romeo), (romeo, juliet))):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    archived = {one.actor.boundjid.user: [body for body, _, _ in await one.actor.archive()] for one in people}
    return {
        one.actor.boundjid.user: {
            'said': len(one.said),
            'lost': sorted(set(other.said) - set(one.chat)) + sorted(set(other.said + one.said) - set(one.room)),
            'doubled': sorted({b for b in one.chat if one.chat.count(b) > 1} | {b for b in one.room if one.room.count(b) > 1}),
            'inOrder': [b for b in one.chat if b in other.said] == [b for b in other.said if b in one.chat],
            'cuts': one.cuts,
            'newSessions': one.sessions,
            'archived': archived[one.actor.boundjid.user],
            'gap': round(one.gap, 2),
        }
        for one, other in ((juliet, romeo), (romeo, juliet))
    }


play(scene, limit=280)

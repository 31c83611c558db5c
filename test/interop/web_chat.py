"""Somebody at a desk chats with somebody in a browser."""

import asyncio

from actor import play

# A browser takes its time on a busy machine.
BROWSER = 60


async def scene(world):
    romeo = await world.enters('romeo', 'garden')
    said = []

    async def hears(body):
        message = await asyncio.wait_for(romeo.messages.get(), BROWSER)
        assert message['body'] == body, str(message)
        said.append(message['from'].full)
        return message

    await hears('Hello from the browser')
    romeo.says(world.jid('juliet'), 'Hello from the desk')
    await hears('Still here after the page was loaded again')
    return {'from': said}


play(scene)

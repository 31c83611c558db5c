"""A file goes each way through the file proxy (XEP-0065), and its hash is the same at the other end."""

import asyncio
import hashlib
import os

from actor import PATIENCE, play, refused

PIECE = 1 << 20


class Stream:
    """What one side gets of a bytestream: slixmpp tells all of a client's streams by the same event."""

    def __init__(self, actor):
        self.sum = hashlib.sha256()
        self.bytes = 0
        self.moved = asyncio.Event()
        actor.add_event_handler('socks5_data', self.take)

    def take(self, data):
        self.sum.update(data)
        self.bytes += len(data)
        self.moved.set()

    async def has(self, size):
        while self.bytes < size:
            self.moved.clear()
            await asyncio.wait_for(self.moved.wait(), PATIENCE)
        assert self.bytes == size, f'{self.bytes} bytes came instead of {size}'
        return self.sum.hexdigest()


async def send(protocol, size):
    """Sends as much as asked for. Gives its hash."""
    sum = hashlib.sha256()
    piece = os.urandom(PIECE)
    for at in range(0, size, PIECE):
        data = at.to_bytes(8, 'big') + piece[8:min(PIECE, size - at)]
        sum.update(data)
        await protocol.write(data)
        await asyncio.sleep(0)
    return sum.hexdigest()


async def scene(world):
    size = world.more['bytes']
    juliet = await world.enters('juliet')
    romeo = await world.enters('romeo')
    for actor in (juliet, romeo):
        actor.register_plugin('xep_0065')
    romeo['xep_0065'].auto_accept = True

    proxies = await juliet['xep_0065'].discover_proxies(timeout=PATIENCE)
    assert [str(jid) for jid in proxies] == [f'proxy.{world.domain}'], proxies
    (host, port), = proxies.values()
    assert (host, int(port)) == (world.host, world.ports['proxy']), (host, port)

    # Nobody but who asked for it begins it.
    await refused(romeo['xep_0065'].activate(f'proxy.{world.domain}', 'no such stream', juliet.boundjid.full,
                                             timeout=PATIENCE), 'item-not-found')

    accepted = asyncio.get_running_loop().create_future()
    romeo.add_event_handler('socks5_stream', accepted.set_result)
    there, back = Stream(romeo), Stream(juliet)
    own = await asyncio.wait_for(juliet['xep_0065'].handshake(romeo.boundjid.full, timeout=PATIENCE), PATIENCE)
    assert own is not None, 'no bytestream came about'
    other = await asyncio.wait_for(accepted, PATIENCE)

    loop = asyncio.get_running_loop()
    began = loop.time()
    sent = await asyncio.gather(send(own, size), send(other, size), there.has(size), back.has(size))
    seconds = loop.time() - began
    assert sent[0] == sent[2], 'what Romeo got is not what Juliet sent'
    assert sent[1] == sent[3], 'what Juliet got is not what Romeo sent'

    closed = asyncio.Event()
    romeo.add_event_handler('socks5_closed', lambda _: closed.set())
    own.transport.close()
    await asyncio.wait_for(closed.wait(), PATIENCE)
    return {'seconds': seconds, 'bytes': there.bytes + back.bytes}


play(scene)

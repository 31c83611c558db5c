"""A file is uploaded where the sender has an account (XEP-0363), and its link is opened on the other server's side."""

import asyncio
import os
import socket
import ssl
import tempfile
from urllib.parse import urlsplit

import aiohttp
from abroad import both_enter
from actor import PATIENCE, play

CONTENT = os.urandom(300_000)


class Nearby(aiohttp.abc.AbstractResolver):
    """All names are at one address."""

    def __init__(self, address):
        self.address = address

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [{'hostname': host, 'host': self.address, 'port': port, 'family': socket.AF_INET, 'proto': 0, 'flags': 0}]

    async def close(self):
        pass


def session(place):
    """HTTPS to a server, whose authority alone is trusted."""
    context = ssl.create_default_context(cafile=place.authority)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Nearby(place.host), ssl=context))


async def share(sender, receiver):
    place = sender.world
    slot = await sender['xep_0363'].request_slot(
        place.more['uploads'], 'a scroll.bin', len(CONTENT), 'application/octet-stream', timeout=PATIENCE)
    put, get = slot['http_upload_slot']['put'], slot['http_upload_slot']['get']
    headers = {header['name']: header['value'] for header in put['headers']}
    async with session(place) as http:
        async with http.put(put['url'], data=CONTENT, headers={'content-type': 'application/octet-stream', **headers}) as done:
            assert done.status in (200, 201), done.status
    message = sender.make_message(mto=receiver.boundjid.bare, mbody=get['url'], mtype='chat')
    message['oob']['url'] = get['url']
    message.send()
    heard = await receiver.hears(get['url'])
    assert heard['oob']['url'] == get['url'], str(heard)
    async with session(place) as http, http.get(heard['body']) as response:
        assert response.status == 200, response.status
        assert await response.read() == CONTENT
    return urlsplit(get['url']).hostname


async def scene(world):
    pair = await both_enter(world, plugins=['xep_0066', 'xep_0363'])
    return {'hosts': [await asyncio.wait_for(share(*turn), 3 * PATIENCE) for turn in (pair, pair[::-1])]}


play(scene)

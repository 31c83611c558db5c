"""Somebody sends a large file by HTTP upload (XEP-0363); somebody else has it; and back."""

import asyncio
import hashlib
import os
import ssl

import aiohttp
from actor import play

MEGABYTES = 200
# A machine with much else to do.
PATIENCE = 60


def make(path):
    digest = hashlib.sha256()
    with open(path, 'wb') as file:
        for _ in range(MEGABYTES):
            piece = os.urandom(1_000_000)
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


async def service_of(actor, domain):
    """What slixmpp's own search for it does, which fails on this Python."""
    items = await actor['xep_0030'].get_items(jid=domain)
    for jid, _, _ in items['disco_items']['items']:
        info = (await actor['xep_0030'].get_info(jid=jid))['disco_info']
        kinds = {identity[:2] for identity in info['identities']}
        if ('store', 'file') in kinds and 'urn:xmpp:http:upload:0' in info['features']:
            form = info['form'].get_values()
            return jid, int(form['max-file-size'])
    raise AssertionError(f'no upload service among {items}')


async def fetch(url):
    digest = hashlib.sha256()
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200, response.status
        async for piece in response.content.iter_chunked(1 << 16):
            digest.update(piece)
        return digest.hexdigest(), response.headers['Content-Disposition']


async def scene(world):
    # The only authority that is trusted, over HTTPS as well.
    os.environ['SSL_CERT_FILE'] = world.authority
    assert ssl.create_default_context().cert_store_stats()['x509_ca'] == 1
    path = world.more['file']
    expected = make(path)
    people = [await world.enters('juliet'), await world.enters('romeo')]
    seen = []
    for sender, receiver in [people, people[::-1]]:
        sender.register_plugin('xep_0066')
        sender.register_plugin('xep_0363')
        uploader = sender['xep_0363']
        uploader.upload_service, uploader.max_file_size = await service_of(sender, world.domain)
        url = await uploader.upload_file(path, timeout=PATIENCE)
        message = sender.make_message(mto=receiver.boundjid.bare, mbody=url, mtype='chat')
        message['oob']['url'] = url
        message.send()
        heard = await receiver.hears(url)
        digest, name = await asyncio.wait_for(fetch(heard['body']), PATIENCE)
        assert digest == expected, (digest, expected)
        seen.append(name)
    return {'names': seen, 'largest': uploader.max_file_size}


play(scene)

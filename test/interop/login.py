"""Logging in: by STARTTLS and by TLS from the first byte, at the first try; and what is refused."""

import asyncio
import time

from actor import PATIENCE, play, refused


async def scene(world):
    ways = []
    for direct_tls in (False, True):
        started = time.monotonic()
        juliet = await world.enters('juliet', direct_tls=direct_tls)
        took = time.monotonic() - started
        # One attempt: nothing was refused on the way.
        assert juliet.failures == [], juliet.failures
        ways.append({'mechanism': juliet.mechanism, 'tls': juliet.socket.version(), 'seconds': took})
        await juliet.log_out()

    plain = await world.enters('juliet', mechanisms='PLAIN')
    assert plain.mechanism == 'PLAIN' and plain.failures == []
    await plain.log_out()

    # Several devices at once, and one that takes the name of another.
    desk = await world.enters('juliet', 'desk')
    phone = await world.enters('juliet', 'phone')
    await desk.sees(phone.boundjid.full)
    await phone.log_out()
    await desk.sees(phone.boundjid.full, 'unavailable')

    for name, password in (('juliet', 'not the password'), ('nobody', 'whatever it is')):
        stranger = world.actor(name, password=password)
        stranger.dial()
        await asyncio.wait_for(stranger.ended.wait(), 60)
        assert stranger.failures and set(stranger.failures) == {'not-authorized'}, stranger.failures
        assert 'session_start' not in [stranger.happened.get_nowait() for _ in range(stranger.happened.qsize())]
        stranger.cancel_connection_attempt()

    # A client that trusts somebody else's authority goes no further.
    wary = world.actor('juliet')
    wary.ca_certs = world.more['stranger']
    wary.dial()
    event = await asyncio.wait_for(wary.happened.get(), PATIENCE)
    assert event in ('ssl_invalid_chain', 'connection_failed'), event
    wary.cancel_connection_attempt()
    await refused(desk['xep_0199'].send_ping(world.jid('nobody'), timeout=PATIENCE), 'service-unavailable')
    return {'ways': ways}


play(scene)

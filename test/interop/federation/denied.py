"""With a server that ours does not talk with nothing goes either way, by whatever door: what is tried comes back at once."""

from abroad import both_enter
from actor import PATIENCE, play
from slixmpp.exceptions import IqError
from visit import MUC, Visit, refusal


async def message_refused(one, to):
    one.says(to, 'can you hear me?')
    error = await one.hears()
    assert error['type'] == 'error' and error['from'].bare == to, str(error)


async def scene(world):
    pair = await both_enter(world, resource='denied', plugins=[MUC])
    for one, another in (pair, pair[::-1]):
        await message_refused(one, another.boundjid.bare)
        try:
            await one['xep_0199'].send_ping(another.boundjid.domain, timeout=PATIENCE)
            raise AssertionError('the other server answered')
        except IqError as error:
            assert error.iq['error']['condition'] not in ('', 'undefined-condition'), str(error.iq)

    # Nor through a room, whichever of the two has it.
    for owner, guest in (pair, pair[::-1]):
        room = f'closed-to-{guest.boundjid.user}@{owner.world.more["rooms"]}'
        own = Visit(owner, room)
        await own.comes('Owner')
        await refusal(guest, room)
        own.says('nobody else is here')
        await own.hears('Owner', 'nobody else is here')
        assert set(owner[MUC].get_roster(room)) == {'Owner'}
    for one, another in (pair, pair[::-1]):
        while not one.messages.empty():
            message = one.messages.get_nowait()
            # Debian's ejabberd gives some back twice.
            back = message['type'] == 'error'
            assert back or not message['from'].domain.endswith(another.boundjid.domain), str(message)


play(scene)

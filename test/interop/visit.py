"""People in rooms, for the scenes beside this file."""

import asyncio

from slixmpp.exceptions import PresenceError

from actor import PATIENCE

MUC = 'xep_0045'


class Visit:
    """What somebody sees of a room."""

    def __init__(self, actor, room):
        self.actor = actor
        self.room = room
        self.heard = asyncio.Queue()
        self.seen = asyncio.Queue()
        self.subjects = asyncio.Queue()
        self.told = asyncio.Queue()
        for event, queue in [('message', self.heard), ('presence', self.seen), ('groupchat_subject', self.subjects),
                             ('config_status', self.told)]:
            actor.add_event_handler(f'muc::{room}::{event}', queue.put_nowait)

    async def comes(self, nick, **options):
        try:
            own, subject, there, history = await self.actor[MUC].join_muc_wait(
                self.room, nick, timeout=PATIENCE, **options)
        except PresenceError:
            # This client takes itself to be in the room still, and would not see an invitation.
            self.actor[MUC].rooms.pop(self.room, None)
            raise
        await asyncio.sleep(0)
        for queue in (self.heard, self.seen, self.subjects):
            while not queue.empty():
                queue.get_nowait()
        others = {one['from'].resource for one in there} - {nick}
        return own['muc']['status_codes'], subject['subject'], others, [one['body'] for one in history]

    def says(self, body):
        message = self.actor.make_message(mto=self.room, mbody=body, mtype='groupchat')
        message['id'] = self.actor.new_id()
        message.send()

    async def hears(self, nick, body):
        message = await asyncio.wait_for(self.heard.get(), PATIENCE)
        assert (message['from'].resource, message['body']) == (nick, body), str(message)
        return message

    async def sees(self, nick, kind='available', *codes):
        """The next presence must be this one's; `kind` is a type or `available`."""
        presence = await asyncio.wait_for(self.seen.get(), PATIENCE)
        shown = 'unavailable' if presence['type'] == 'unavailable' else 'available'
        assert (presence['from'].resource, shown) == (nick, kind), str(presence)
        assert set(codes) <= presence['muc']['status_codes'], (codes, str(presence))
        return presence


async def refused_in(entering, condition):
    try:
        await entering
    except PresenceError as error:
        assert error.presence['error']['condition'] == condition, str(error.presence)
        return error.presence['error']['text']
    raise AssertionError(f'entering was not refused: {condition}')


async def refusal(actor, room):
    """The error that entering gets. Not every room says in it that it is one, which is what slixmpp's own way of entering looks for."""
    errors = asyncio.Queue()
    actor.add_event_handler('presence_error', errors.put_nowait)
    presence = actor.make_presence(pto=f'{room}/Guest')
    presence.enable('muc_join')
    presence.send()
    error = await asyncio.wait_for(errors.get(), PATIENCE)
    assert error['from'].bare == room, str(error)
    return error


async def enters(world, name):
    actor = world.actor(name)
    for plugin in (MUC, 'xep_0249', 'xep_0421'):
        actor.register_plugin(plugin)
    await actor.log_in()
    actor.send_presence()
    await actor.sees(actor.boundjid.full)
    return actor

"""People with slixmpp clients, for the scenes beside this file."""

import asyncio
import contextlib
import json
import sys
import traceback

import slixmpp
import unacknowledged

PATIENCE = 10
PLUGINS = [
    'xep_0004', 'xep_0012', 'xep_0030', 'xep_0050', 'xep_0059', 'xep_0085', 'xep_0092', 'xep_0115', 'xep_0133',
    'xep_0191', 'xep_0199', 'xep_0202', 'xep_0203', 'xep_0280', 'xep_0297', 'xep_0313', 'xep_0334', 'xep_0352',
    'xep_0359',
]


class World:
    """What the test tells the scene."""

    def __init__(self, told):
        self.domain = told['domain']
        self.hostname = told.get('hostname', told['domain'])
        self.host = told['host']
        self.ports = told['ports']
        self.authority = told['authority']
        self.people = told['people']
        self.more = told.get('more', {})
        # Other servers, with people of their own.
        self.abroad = {name: World(place) for name, place in told.get('abroad', {}).items()}
        self.actors = []

    def jid(self, name):
        return f'{name}@{self.domain}'

    def actor(self, name, resource='desk', **options):
        actor = Actor(self, name, resource, **options)
        self.actors.append(actor)
        return actor

    async def enters(self, name, resource='desk', present=True, **options):
        """Somebody logs in and says to be there."""
        actor = self.actor(name, resource, **options)
        await actor.log_in()
        if present:
            actor.send_presence()
            await actor.sees(actor.boundjid.full)
        return actor


class Actor(slixmpp.ClientXMPP):
    def __init__(self, world, name, resource, password=None, direct_tls=False, managed=False, mechanisms=None):
        super().__init__(f'{world.jid(name)}/{resource}', password or world.people[name],
                         sasl_mech=mechanisms)
        self.world = world
        self.direct_tls = direct_tls
        # The only authority that is trusted, and the domain must be the certificate's.
        self.ca_certs = world.authority
        self.whitespace_keepalive = False
        # Each scene says itself whom to trust.
        self.roster.auto_authorize = None
        self.roster.auto_subscribe = False
        for plugin in PLUGINS + (['xep_0198'] if managed else []):
            self.register_plugin(plugin)
        if managed:
            unacknowledged.keep(self)
        self.messages = asyncio.Queue()
        self.presences = asyncio.Queue()
        self.failures = []
        self.happened = asyncio.Queue()
        self.ended = asyncio.Event()
        self.add_event_handler('message', self.messages.put_nowait)
        self.add_event_handler('message_error', self.messages.put_nowait)
        self.add_event_handler('presence', self.presences.put_nowait)
        self.add_event_handler('failed_auth', lambda stanza: self.failures.append(stanza['condition']))
        self.add_event_handler('disconnected', lambda _: self.ended.set())
        for event in ['session_start', 'session_resumed', 'failed_all_auth', 'ssl_invalid_chain', 'connection_failed']:
            self.add_event_handler(event, lambda _, event=event: self.happened.put_nowait(event))

    def dial(self):
        self.ended.clear()
        port = self.world.ports['c2s_tls' if self.direct_tls else 'c2s']
        if slixmpp.__version_info__ < (1, 9):  # Debian 12
            self.connect((self.world.host, port), use_ssl=self.direct_tls, force_starttls=not self.direct_tls,
                         disable_starttls=self.direct_tls)
            return
        self.enable_direct_tls = self.direct_tls
        self.enable_starttls = not self.direct_tls
        self.enable_plaintext = False
        self.connect(self.world.host, port)

    async def log_in(self, expect='session_start'):
        self.dial()
        event = await asyncio.wait_for(self.happened.get(), PATIENCE)
        assert event == expect, f'{self.requested_jid} expected {expect}, but: {event}'

    async def joins(self, room, nick):
        """Enters a room and sees nothing of what was said there before."""
        # Debian 13's slixmpp overlooks its own presence unless it is said whose that is.
        mine = {'pfrom': self.boundjid}
        await self['xep_0045'].join_muc_wait(room, nick, maxstanzas=0, timeout=PATIENCE, presence_options=mine)

    async def log_out(self):
        self.disconnect()
        await asyncio.wait_for(self.ended.wait(), PATIENCE)

    @property
    def mechanism(self):
        return self['feature_mechanisms'].mech.name

    def says(self, to, body, **more):
        message = self.make_message(mto=to, mbody=body, mtype='chat', **more)
        message['id'] = self.new_id()
        message.send()
        return message['id']

    async def hears(self, body=None):
        """The next message that has a body, or is an error; it must be this one."""
        while True:
            message = await asyncio.wait_for(self.messages.get(), PATIENCE)
            if message['body'] or message['type'] == 'error':
                break
        if body is not None:
            assert message['body'] == body, f'{self.boundjid} expected {body!r}, but heard: {message}'
        return message

    async def hears_nothing(self, seconds=0.4):
        """A round trip to the server, and a moment more."""
        await self['xep_0199'].ping(self.world.domain)
        await asyncio.sleep(seconds)
        heard = []
        while not self.messages.empty():
            message = self.messages.get_nowait()
            if message['body']:
                heard.append(str(message))
        assert heard == [], f'{self.boundjid} heard {heard}'

    async def sees(self, who, kind='available'):
        """Waits for a presence of somebody (bare or full address), passing over others."""
        seen = []
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    presence = await self.presences.get()
                    seen.append(str(presence))
                    shown = presence['type'] if presence['type'] not in presence.showtypes else 'available'
                    if shown == kind and str(presence['from']) in (who, f'{who}/{presence["from"].resource}'):
                        return presence
        except TimeoutError:
            raise AssertionError(f'{self.boundjid} waited for {kind} of {who}, and saw {seen}') from None

    async def push(self):
        """The next roster push."""
        return await asyncio.wait_for(self.pushes.get(), PATIENCE)

    def watch_pushes(self):
        self.pushes = asyncio.Queue()
        self.add_event_handler('roster_update', lambda iq: self.pushes.put_nowait(iq) if iq['type'] == 'set' else None)

    async def contacts(self):
        """All contacts by address, as the server has them, whatever version this client has."""
        roster = (await self.make_iq_get(queryxmlns='jabber:iq:roster').send(timeout=PATIENCE))['roster']
        return {str(jid): item for jid, item in roster['items'].items()}

    async def archive(self, **query):
        """What the own archive has: (body, id, stamp) of every entry, over all pages."""
        found = []
        async for entry in self['xep_0313'].iterate(**query):
            result = entry['mam_result']
            found.append((result['forwarded']['stanza']['body'], result['id'], result['forwarded']['delay']['stamp']))
        return found


async def befriend(one, other, told=True):
    """Both see each other's presence from here on. Some servers do not tell the client that it was approved."""
    for asker, asked in ((one, other), (other, one)):
        asker.send_presence_subscription(asked.boundjid.bare)
        await asked.sees(asker.boundjid.bare, 'subscribe')
        asked.send_presence(pto=asker.boundjid.bare, ptype='subscribed')
        if told:
            await asker.sees(asked.boundjid.bare, 'subscribed')
        await asker.sees(asked.boundjid.bare)


async def refused(answer, *conditions):
    """What is awaited must be refused, for this reason or one of these."""
    try:
        reply = await answer
    except slixmpp.exceptions.IqError as error:
        assert error.condition in conditions, f'expected {conditions}, but: {error.iq}'
        return error
    raise AssertionError(f'expected {conditions}, but: {reply}')


async def until(what, check):
    """Asks again until it is so: one thing follows another in a moment, not at once."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await check()
                if found:
                    return found
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(what) from None


def play(scene, limit=80):
    """Runs a scene, for so many seconds at most, and tells the test what it observed."""

    async def run():
        with open(sys.argv[1], encoding='utf-8') as file:
            world = World(json.load(file))
        try:
            return await asyncio.wait_for(scene(world), limit)
        finally:
            for actor in [actor for place in (world, *world.abroad.values()) for actor in place.actors]:
                with contextlib.suppress(Exception):
                    actor.abort()

    try:
        observed = asyncio.run(run())
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
    print('scene:', json.dumps(observed or {}))

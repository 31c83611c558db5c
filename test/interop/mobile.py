"""A phone that is away is woken by the server of its app (XEP-0357), which is a component (XEP-0114)."""

import asyncio

import slixmpp
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from actor import PATIENCE, play, refused

PUBSUB = '{http://jabber.org/protocol/pubsub}'
PUSH = '{urn:xmpp:push:0}'
DATA = '{jabber:x:data}'


class Component(slixmpp.ComponentXMPP):
    """A component as anybody would write it, with slixmpp's own plugins."""

    def __init__(self, world, jid, secret, **options):
        super().__init__(jid, secret, world.host, world.ports['component'], **options)
        for plugin in ['xep_0004', 'xep_0030', 'xep_0060', 'xep_0199']:
            self.register_plugin(plugin)
        self.messages = asyncio.Queue()
        self.presences = asyncio.Queue()
        self.published = asyncio.Queue()
        self.up = asyncio.Event()
        self.down = asyncio.Event()
        self.errors = []
        self.add_event_handler('session_start', lambda _: self.up.set())
        self.add_event_handler('disconnected', lambda _: self.down.set())
        self.add_event_handler('message', self.messages.put_nowait)
        self.add_event_handler('presence', self.presences.put_nowait)
        self.add_event_handler('stream_error', lambda error: self.errors.append(error['condition']))
        self.register_handler(Callback('publish', MatchXPath(
            f'{{{self.default_ns}}}iq/{PUBSUB}pubsub/{PUBSUB}publish'), self.take))

    def take(self, iq):
        self.published.put_nowait(iq.xml)
        iq.reply().send()

    async def come(self):
        self.connect()
        await asyncio.wait_for(self.up.wait(), PATIENCE)

    async def push(self):
        """What is told by the next publication: node, summary and options."""
        iq = await asyncio.wait_for(self.published.get(), PATIENCE)
        publish = iq.find(f'{PUBSUB}pubsub/{PUBSUB}publish')
        told = publish.find(f'{PUBSUB}item/{PUSH}notification/{DATA}x')
        options = iq.find(f'{PUBSUB}pubsub/{PUBSUB}publish-options/{DATA}x')
        return iq.get('from'), publish.get('node'), fields(told), fields(options)


def fields(form):
    if form is None:
        return {}
    return {one.get('var'): one.findtext(f'{DATA}value') for one in form.findall(f'{DATA}field')}


async def enable(actor, service, node):
    request = actor.make_iq_set()
    element = ET.Element(f'{PUSH}enable', {'jid': service, 'node': node})
    form = ET.SubElement(element, f'{DATA}x', {'type': 'submit'})
    for var, value in (('FORM_TYPE', 'http://jabber.org/protocol/pubsub#publish-options'), ('secret', 'sesame')):
        ET.SubElement(ET.SubElement(form, f'{DATA}field', {'var': var}), f'{DATA}value').text = value
    request.append(element)
    await request.send(timeout=PATIENCE)


async def scene(world):
    name, secret = world.more['name'], world.more['secret']
    app = Component(world, name, secret)
    await app.come()
    romeo = await world.enters('romeo')
    juliet = await world.enters('juliet', 'phone', managed=True)

    # As any component: found below the domain, asked, asking, talking, and seen.
    items = await juliet['xep_0030'].get_items(world.domain)
    assert name in [str(item[0]) for item in items['disco_items']['items']], items
    info = await juliet['xep_0030'].get_info(name)
    assert info['disco_info']['features'], info
    assert await app['xep_0199'].ping(world.domain, ifrom=name) is not None
    app.send_message(mto=juliet.boundjid.bare, mfrom=f'robot@{name}', mbody='hello from the robot', mtype='chat')
    heard = await juliet.hears('hello from the robot')
    assert heard['from'] == f'robot@{name}', heard
    juliet.says(f'robot@{name}', 'who are you?')
    heard = await asyncio.wait_for(app.messages.get(), PATIENCE)
    assert heard['body'] == 'who are you?' and heard['from'] == juliet.boundjid, heard
    app.send_presence(pto=juliet.boundjid.bare, pfrom=f'robot@{name}', ptype='subscribe')
    await juliet.sees(f'robot@{name}', 'subscribe')
    juliet.send_presence(pto=f'robot@{name}', ptype='subscribed')
    async with asyncio.timeout(PATIENCE):
        while (await app.presences.get())['type'] != 'available':
            pass

    # Push: nothing while she is there, one when her connection is lost, none that says more than it may.
    features = (await juliet['xep_0030'].get_info(juliet.boundjid.bare))['disco_info']['features']
    assert 'urn:xmpp:push:0' in features, features
    await enable(juliet, name, 'node-1')
    await refused(enable(juliet, romeo.boundjid.bare, 'node-2'), 'not-allowed')
    romeo.says(juliet.boundjid.bare, 'she is here')
    await juliet.hears('she is here')
    juliet['xep_0198'].request_ack()
    await romeo['xep_0199'].ping(world.domain)
    await asyncio.sleep(0.3)
    assert app.published.empty(), 'a push for somebody who is there'
    juliet.ended.clear()
    juliet.transport.abort()
    await asyncio.wait_for(juliet.ended.wait(), PATIENCE)
    await asyncio.sleep(0.3)
    romeo.says(juliet.boundjid.bare, 'are you asleep?')
    told = await app.push()
    assert told == (world.domain, 'node-1', {'FORM_TYPE': 'urn:xmpp:push:summary', 'message-count': '1'}, {
        'FORM_TYPE': 'http://jabber.org/protocol/pubsub#publish-options', 'secret': 'sesame'}), told

    # Woken, she comes back and reads; then she goes for good, and is woken again.
    await juliet.log_in(expect='session_resumed')
    await juliet.hears('are you asleep?')
    await juliet.log_out()
    romeo.says(juliet.boundjid.bare, 'good night')
    assert (await app.push())[1] == 'node-1'

    # Libraries that write jabber:client instead of the component's own namespace are understood, too.
    app.down.clear()
    app.disconnect()
    await asyncio.wait_for(app.down.wait(), PATIENCE)
    other = Component(world, name, secret, use_jc_ns=True)
    other.connect()
    async with asyncio.timeout(PATIENCE):
        while other.transport is None or name not in [
                str(item[0]) for item in (await romeo['xep_0030'].get_items(world.domain))['disco_items']['items']]:
            await asyncio.sleep(0.1)
    other.send_message(mto=romeo.boundjid.bare, mfrom=f'robot@{name}', mbody='in other words', mtype='chat')
    await romeo.hears('in other words')

    # Whoever speaks for somebody else is not heard, and is gone.
    other.down.clear()
    other.send_message(mto=romeo.boundjid.bare, mfrom=juliet.boundjid.bare, mbody='it is I, Juliet', mtype='chat')
    await asyncio.wait_for(other.down.wait(), PATIENCE)
    await romeo.hears_nothing()
    wrong = Component(world, name, secret + 'x')
    wrong.connect()
    await asyncio.wait_for(wrong.down.wait(), PATIENCE)
    assert not wrong.up.is_set() and 'not-authorized' in wrong.errors, wrong.errors
    for component in (app, other, wrong):
        component.abort()


play(scene)

"""Nodes of accounts and of the service (XEP-0060, 0163, 0084, 0402) with slixmpp's own plugins."""

import asyncio
import xml.etree.ElementTree as ET

from actor import PATIENCE, befriend, play, refused

TUNE = 'http://jabber.org/protocol/tune'
PNG = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010806000000') + b'any bytes will do'


def watch(actor, *events):
    """A queue of what these events bring."""
    queue = asyncio.Queue()
    for event in events:
        actor.add_event_handler(event, queue.put_nowait)
    return queue


async def nothing(actor, queue):
    await actor['xep_0199'].ping(actor.world.domain)
    await asyncio.sleep(0.3)
    assert queue.empty(), f'{actor.boundjid} heard {queue.get_nowait()}'


def entry(text):
    element = ET.Element('{urn:example:note}note')
    element.text = text
    return element


def texts(items):
    return [''.join(item['payload'].itertext()) for item in items['pubsub']['items']]


async def account(world, juliet, romeo):
    """XEP-0163: tunes and avatars are published, heard by contacts who are interested, and found by who comes later."""
    heard = watch(romeo, 'user_tune_publish')
    pictures = watch(romeo, 'avatar_metadata_publish')
    await juliet['xep_0118'].publish_tune(artist='Yes', title='Heart of the Sunrise')
    tune = await asyncio.wait_for(heard.get(), PATIENCE)
    assert tune['from'] == juliet.boundjid.bare and tune['type'] == 'headline', tune
    assert tune['pubsub_event']['items']['item']['tune']['title'] == 'Heart of the Sunrise', tune

    await juliet['xep_0084'].publish_avatar(PNG)
    picture = juliet['xep_0084'].generate_id(PNG)
    await juliet['xep_0084'].publish_avatar_metadata([{'id': picture, 'type': 'image/png', 'bytes': str(len(PNG))}])
    metadata = await asyncio.wait_for(pictures.get(), PATIENCE)
    assert metadata['pubsub_event']['items']['item']['id'] == picture
    found = await romeo['xep_0084'].retrieve_avatar(juliet.boundjid.bare, picture)
    assert found['pubsub']['items']['item']['avatar_data']['value'] == PNG

    street = world.actor('romeo', 'street')
    interested(street)
    late = watch(street, 'user_tune_publish')
    await street.log_in()
    street.send_presence()
    last = await asyncio.wait_for(late.get(), PATIENCE)
    assert last['pubsub_event']['items']['item']['tune']['artist'] == 'Yes'
    assert last['delay']['stamp'] is not None

    await juliet['xep_0118'].stop()
    stopped = await asyncio.wait_for(heard.get(), PATIENCE)
    assert stopped['pubsub_event']['items']['item']['tune']['title'] == '', stopped


async def bookmarks(world, juliet, romeo):
    """XEP-0402: rooms are published by a client that says nothing of who may read them, and nobody may."""
    pubsub = juliet['xep_0060']
    node = 'urn:xmpp:bookmarks:1'
    element = ET.Element('{urn:xmpp:bookmarks:1}conference', autojoin='true')
    await pubsub.publish(juliet.boundjid.bare, node, id='verona@rooms.example.test', payload=element)
    await refused(romeo['xep_0060'].get_items(juliet.boundjid.bare, node), 'not-allowed')
    config = await pubsub.get_node_config(juliet.boundjid.bare, node)
    assert config['pubsub_owner']['configure']['form'].get_values()['pubsub#access_model'] == 'whitelist'


async def service(world, juliet, romeo, tybalt):
    """XEP-0060 at pubsub.DOMAIN, from making a node to deleting it."""
    at = f'pubsub.{world.domain}'
    info = await juliet['xep_0030'].get_info(at)
    assert ('pubsub', 'service', None, 'Publish-subscribe') in info['disco_info']['identities'], info
    hers, his = juliet['xep_0060'], romeo['xep_0060']
    form = juliet['xep_0004'].make_form(ftype='submit')
    form.add_field('FORM_TYPE', 'hidden', value='http://jabber.org/protocol/pubsub#node_config')
    form.add_field('pubsub#max_items', value='max')
    form.add_field('pubsub#title', value='Notes')
    await hers.create_node(at, 'notes', config=form)
    published, gone = watch(romeo, 'pubsub_publish'), watch(romeo, 'pubsub_retract', 'pubsub_purge', 'pubsub_delete')
    subscription = await his.subscribe(at, 'notes')
    assert subscription['pubsub']['subscription']['subscription'] == 'subscribed'
    for n in range(5):
        await hers.publish(at, 'notes', id=f'n{n}', payload=entry(f'note {n}'))
        event = await asyncio.wait_for(published.get(), PATIENCE)
        assert event['from'] == at and event['pubsub_event']['items']['item']['id'] == f'n{n}', event
    assert texts(await his.get_items(at, 'notes')) == [f'note {n}' for n in range(5)]
    assert texts(await his.get_items(at, 'notes', max_items=2)) == ['note 3', 'note 4']
    assert texts(await his.get_item(at, 'notes', 'n1')) == ['note 1']
    await refused(his.publish(at, 'notes', payload=entry('his')), 'forbidden')
    await hers.modify_affiliations(at, 'notes', [(romeo.boundjid.bare, 'publisher')])
    await his.publish(at, 'notes', id='his', payload=entry('his'))
    await asyncio.wait_for(published.get(), PATIENCE)
    listed = await his.get_subscriptions(at, 'notes')
    assert len(listed['pubsub']['subscriptions']['substanzas']) == 1, listed
    await his.retract(at, 'notes', 'his', notify=True)
    event = await asyncio.wait_for(gone.get(), PATIENCE)
    assert event['pubsub_event']['items']['retract']['id'] == 'his', event
    await refused(tybalt['xep_0060'].delete_node(at, 'notes'), 'forbidden')
    await hers.purge(at, 'notes')
    await asyncio.wait_for(gone.get(), PATIENCE)
    await hers.delete_node(at, 'notes')
    event = await asyncio.wait_for(gone.get(), PATIENCE)
    assert event['pubsub_event']['delete']['node'] == 'notes', event
    await refused(his.get_items(at, 'notes'), 'item-not-found')
    await nothing(romeo, published)


def interested(actor):
    for plugin in ['xep_0060', 'xep_0163', 'xep_0084', 'xep_0118']:
        actor.register_plugin(plugin)


async def scene(world):
    people = {}
    for name in ['juliet', 'romeo', 'tybalt']:
        actor = people[name] = world.actor(name)
        interested(actor)
        await actor.log_in()
        actor.send_presence()
    juliet, romeo, tybalt = people.values()
    await befriend(juliet, romeo)
    await account(world, juliet, romeo)
    await bookmarks(world, juliet, romeo)
    await service(world, juliet, romeo, tybalt)


play(scene)

"""Joining from a chat app: registration with and without an invitation, invitations to a contact list, a new password."""

import asyncio
import re

import slixmpp
from actor import PATIENCE, play, refused
from slixmpp.xmlstream import ET

REGISTER = 'jabber:iq:register'
PARS = 'urn:xmpp:pars:0'


def joining(world, name, password, token=None):
    """A client that makes its account before it logs in, as slixmpp does it when the server offers it."""
    actor = world.actor(name, password=password)
    actor.register_plugin('xep_0077')
    actor.outcome = asyncio.Queue()
    # This release keeps every request until the login is over, which registration comes before.
    actor._always_send_everything = True
    plugin = actor['xep_0077']
    ask = plugin.get_registration

    async def shows_token_first(*args, **more):
        try:
            if token is not None:
                preauth = actor.make_iq_set(sub=ET.Element(f'{{{PARS}}}preauth', {'token': token}))
                await preauth.send(timeout=PATIENCE)
            return await ask(*args, **more)
        except slixmpp.exceptions.IqError as error:
            actor.outcome.put_nowait(error.condition)
            raise

    plugin.get_registration = shows_token_first

    async def register(form):
        fields = [child.tag.split('}')[1] for child in form['register'].xml]
        assert 'username' in fields and 'password' in fields, fields
        iq = actor.make_iq_set()
        iq['register']['username'] = name
        iq['register']['password'] = password
        try:
            await iq.send(timeout=PATIENCE)
            actor.outcome.put_nowait('registered')
        except slixmpp.exceptions.IqError as error:
            actor.outcome.put_nowait(error.condition)

    actor.add_event_handler('register', register)
    return actor


async def ends_with(actor, outcome):
    actor.dial()
    got = await asyncio.wait_for(actor.outcome.get(), PATIENCE)
    assert got == outcome, f'{actor.requested_jid} expected {outcome}, but: {got}'


async def scene(world):
    tokens = world.more['tokens']
    romeo = await world.enters('romeo')
    romeo.watch_pushes()
    await romeo.contacts()

    # By an invitation of the office that introduces to Romeo: registered, logged in, and contacts at once.
    juliet = joining(world, 'juliet', 'wherefore art', tokens['juliet'])
    await ends_with(juliet, 'registered')
    assert await asyncio.wait_for(juliet.happened.get(), PATIENCE) == 'session_start'
    juliet.send_presence()
    push = await romeo.push()
    item = push['roster']['items'][slixmpp.JID(world.jid('juliet'))]
    assert item['subscription'] == 'both', push
    assert (await juliet.contacts())[world.jid('romeo')]['subscription'] == 'both'
    await romeo.sees(juliet.boundjid.full)
    await juliet.sees(romeo.boundjid.full)

    # The same invitation again, and none at all.
    for name, token, outcome in (('tybalt', tokens['juliet'], 'item-not-found'), ('tybalt', None, 'forbidden')):
        stranger = joining(world, name, 'prince of cats', token)
        await ends_with(stranger, outcome)
        stranger.abort()

    # Romeo invites to his contact list, and is off when the nurse comes.
    plugin = romeo['xep_0050']
    answer = await plugin.send_command(world.domain, 'urn:xmpp:invite#invite', timeout=PATIENCE)
    assert answer['command']['status'] == 'completed', answer
    values = answer['command']['form'].get_values()
    token = re.search(r'preauth=([a-z0-9]+)', values['uri']).group(1)
    assert values['landing-url'].endswith(f'/invite/{token}'), values
    await romeo.log_out()
    nurse = await world.enters('nurse')
    presence = nurse.make_presence(pto=world.jid('romeo'), ptype='subscribe')
    presence.append(ET.Element(f'{{{PARS}}}preauth', {'token': token}))
    presence.send()
    await nurse['xep_0199'].ping(world.domain)
    assert (await nurse.contacts())[world.jid('romeo')]['subscription'] == 'both'

    # A new password: other devices go, and only the new one opens.
    phone = await world.enters('nurse', 'phone')
    nurse.register_plugin('xep_0077')
    await nurse['xep_0077'].change_password('an older housekeeper', jid=world.domain, timeout=PATIENCE)
    await asyncio.wait_for(phone.ended.wait(), PATIENCE)
    phone.cancel_connection_attempt()
    await nurse['xep_0199'].ping(world.domain)
    again = await world.enters('nurse', 'tablet', password='an older housekeeper')
    await again.log_out()
    await refused(nurse['xep_0077'].cancel_registration(timeout=PATIENCE), 'not-allowed')
    return {}


play(scene)

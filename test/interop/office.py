"""One tells everybody, one writes to several, one is there unseen, one asks for the relay (XEP-0133, 0033, 0186, 0215)."""

from xml.etree import ElementTree

from actor import PATIENCE, befriend, play, refused

ADMIN = 'http://jabber.org/protocol/admin'
ADDRESS = 'http://jabber.org/protocol/address'


async def orders(actor, node, values):
    """An ad-hoc command with one form."""
    iq = actor.make_iq_set(ito=actor.world.domain)
    iq['command']['node'] = f'{ADMIN}#{node}'
    iq['command']['action'] = 'execute'
    asked = (await iq.send(timeout=PATIENCE))['command']
    form = asked['form']
    form['type'] = 'submit'
    form.set_values(values)
    iq = actor.make_iq_set(ito=actor.world.domain)
    iq['command']['node'] = f'{ADMIN}#{node}'
    iq['command']['action'] = 'complete'
    iq['command']['sessionid'] = asked['sessionid']
    iq['command'].append(form)
    done = (await iq.send(timeout=PATIENCE))['command']
    assert done['status'] == 'completed', done


async def asks(actor, kind, payload):
    iq = actor.make_iq(itype=kind, ito=None if 'invisible' in payload else actor.world.domain)
    iq.append(ElementTree.fromstring(payload))
    return await iq.send(timeout=PATIENCE)


async def scene(world):
    olga = await world.enters('olga')
    juliet = await world.enters('juliet')
    romeo = await world.enters('romeo')
    for one in (juliet, romeo):
        one.register_plugin('xep_0033')

    features = (await juliet['xep_0030'].get_info(world.domain, timeout=PATIENCE))['disco_info']['features']
    assert {ADDRESS, 'urn:xmpp:invisible:1', 'urn:xmpp:extdisco:2', 'urn:xmpp:noreply:0'} <= features, features

    # To everybody, also to those who are away.
    await orders(olga, 'announce-all', {'announcement': 'The feast is tonight.'})
    for one in (olga, juliet, romeo):
        message = await one.hears('The feast is tonight.')
        assert message['from'] == world.domain, message
    nurse = await world.enters('nurse')
    await nurse.hears('The feast is tonight.')
    juliet.says(world.domain, 'At what hour?')
    answer = await juliet.hears()
    assert answer['type'] == 'error' and answer['error']['condition'] == 'service-unavailable', answer
    await orders(olga, 'set-motd', {'motd': 'Bring a mask.'})
    tybalt = await world.enters('tybalt')
    assert {(await tybalt.hears())['body'] for _ in range(2)} == {'The feast is tonight.', 'Bring a mask.'}
    await refused(orders(juliet, 'announce', {'announcement': 'I rule.'}), 'forbidden')

    # One message for several, one of them in secret.
    message = juliet.make_message(mto=world.domain, mbody='Come at nine.', mtype='chat')
    for atype, whom in (('to', romeo), ('cc', nurse), ('bcc', tybalt)):
        message['addresses'].add_address(atype=atype, jid=whom.boundjid.bare)
    message.send()
    for one in (romeo, nurse, tybalt):
        heard = await one.hears('Come at nine.')
        seen = [(item.get('type'), item.get('jid')) for item in heard.xml.iter(f'{{{ADDRESS}}}address')]
        secret = [('bcc', tybalt.boundjid.bare)] if one is tybalt else []
        assert seen == [('to', romeo.boundjid.bare), ('cc', nurse.boundjid.bare)] + secret, heard

    # There, and not seen.
    await befriend(juliet, romeo)
    await asks(juliet, 'set', "<invisible xmlns='urn:xmpp:invisible:1' probe='false'/>")
    await romeo.sees(juliet.boundjid.full, 'unavailable')
    juliet.send_presence()
    romeo.says(juliet.boundjid.bare, 'Art thou gone so?')
    await juliet.hears('Art thou gone so?')

    # The relay for calls: nothing is set, so nothing is there.
    answer = await asks(romeo, 'get', "<services xmlns='urn:xmpp:extdisco:2'/>")
    assert len(answer.xml[0]) == world.more['relays'], answer


play(scene)

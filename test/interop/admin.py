"""An administrator works from the chat client (XEP-0050, XEP-0133)."""

import asyncio

from actor import PATIENCE, play, refused

NODE = 'http://jabber.org/protocol/admin#'


async def step(actor, to, node, sessionid=None, action='execute', form=None):
    iq = actor.make_iq_set(ito=to)
    iq['command']['node'] = NODE + node
    iq['command']['action'] = action
    if sessionid is not None:
        iq['command']['sessionid'] = sessionid
    if form is not None:
        iq['command'].append(form)
    return (await iq.send(timeout=PATIENCE))['command']


async def scene(world):
    admin = await world.enters('olga')
    nurse = await world.enters('nurse')

    listed = await admin['xep_0050'].get_commands(world.domain, timeout=PATIENCE)
    nodes = {node for _, node, _ in listed['disco_items']['items']}
    assert {NODE + 'add-user', NODE + 'delete-user', NODE + 'change-user-password'} <= nodes, nodes
    hidden = await nurse['xep_0050'].get_commands(world.domain, timeout=PATIENCE)
    # Everybody may invite to their own contact list; administration is hidden from who may not.
    offered = {node for _, node, _ in hidden['disco_items']['items']}
    assert offered == {'urn:xmpp:invite#invite'}, hidden
    await refused(step(nurse, world.domain, 'add-user'), 'forbidden')

    asked = await step(admin, world.domain, 'add-user')
    assert asked['status'] == 'executing', asked
    form = asked['form']
    names = list(form.get_fields())
    assert {'accountjid', 'password', 'password-verify'} <= set(names), names
    form.reply()
    form['type'] = 'submit'
    form.set_values({'FORM_TYPE': 'http://jabber.org/protocol/admin', 'accountjid': world.jid('benvolio'),
                     'password': 'peace and concord', 'password-verify': 'peace and concord'})
    done = await step(admin, world.domain, 'add-user', asked['sessionid'], 'complete', form)
    assert done['status'] == 'completed', done

    benvolio = await world.enters('benvolio', password='peace and concord')
    assert benvolio.failures == []

    # Twice is refused, and ending somebody's sessions works.
    asked = await step(admin, world.domain, 'add-user')
    await refused(step(admin, world.domain, 'add-user', asked['sessionid'], 'complete', form), 'conflict')
    asked = await step(admin, world.domain, 'end-user-session')
    form = asked['form']
    form['type'] = 'submit'
    form.set_values({'accountjids': [world.jid('benvolio')]})
    done = await step(admin, world.domain, 'end-user-session', asked['sessionid'], 'complete', form)
    assert done['status'] == 'completed', done
    await asyncio.wait_for(benvolio.ended.wait(), PATIENCE)


play(scene)

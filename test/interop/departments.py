"""Contacts that come and go with departments, while people are connected: an administrator decides, clients are told."""

import asyncio

from actor import play


async def scene(world):
    async def decides(*words):
        """An administrator, on the command line."""
        process = await asyncio.create_subprocess_exec(
            *world.more['ctl'], 'department', *words,
            cwd=world.more['cwd'], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()

    async def told(actor, of, subscription, *groups):
        (jid, item), = (await actor.push())['roster']['items'].items()
        assert (str(jid), item['subscription'], sorted(item['groups'])) == (of.boundjid.bare, subscription, sorted(groups)), item

    romeo = await world.enters('romeo')
    juliet = await world.enters('juliet')
    for one in (romeo, juliet):
        one.watch_pushes()
        await one.get_roster()
        assert await one.contacts() == {}

    await decides('add', 'Sales')
    await decides('add', 'Chiefs')
    await decides('join', 'Sales', romeo.boundjid.bare)
    await decides('join', 'Chiefs', juliet.boundjid.bare)

    # Each sees the other: the clients have a contact more, and see that it is there.
    await decides('sight', 'Sales', 'Chiefs', 'mutual')
    await told(romeo, juliet, 'both', 'Chiefs')
    await told(juliet, romeo, 'both', 'Sales')
    await romeo.sees(juliet.boundjid.full)
    await juliet.sees(romeo.boundjid.full)
    assert romeo.client_roster[juliet.boundjid.bare]['subscription'] == 'both'
    assert juliet.boundjid.resource in romeo.client_roster[juliet.boundjid.bare].resources

    # What one shows, the other sees.
    juliet.send_presence(pshow='dnd', pstatus='with the accountants')
    assert (await romeo.sees(juliet.boundjid.full))['status'] == 'with the accountants'

    # One way: Sales has the chiefs no more, the chiefs have Sales.
    await decides('sight', 'Sales', 'Chiefs', 'seen')
    await told(romeo, juliet, 'remove')
    await told(juliet, romeo, 'to', 'Sales')
    await romeo.sees(juliet.boundjid.full, 'unavailable')
    assert await romeo.contacts() == {}

    # The rule is taken away, and the contact with it.
    await decides('sight', 'Sales', 'Chiefs', 'usual')
    await told(juliet, romeo, 'remove')
    await juliet.sees(romeo.boundjid.full, 'unavailable')
    assert await juliet.contacts() == {}
    assert romeo.pushes.empty() and juliet.pushes.empty()

    # Who comes back is told the same.
    await decides('join', 'Sales', juliet.boundjid.bare)
    await told(romeo, juliet, 'both', 'Sales')
    await romeo.log_out()
    romeo = await world.enters('romeo', 'garden')
    await romeo.get_roster()
    assert list(await romeo.contacts()) == [juliet.boundjid.bare]
    await romeo.sees(juliet.boundjid.full)
    await decides('remove', 'Sales', '--yes')
    await juliet.sees(romeo.boundjid.full, 'unavailable')


play(scene)

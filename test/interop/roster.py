"""Contacts: kept, pushed to every device, subscribed both ways, and let go."""

from actor import befriend, play


async def scene(world):
    desk = await world.enters('juliet', 'desk')
    phone = await world.enters('juliet', 'phone')
    romeo = await world.enters('romeo', 'garden')
    desk.watch_pushes()
    phone.watch_pushes()

    empty = await desk.get_roster()
    assert list(empty['roster']['items']) == [], empty
    await phone.get_roster()

    nurse = world.jid('nurse')
    await desk.update_roster(nurse, name='Nurse', groups=['House', 'Old friends'])
    for device in (desk, phone):
        (jid, item), = (await device.push())['roster']['items'].items()
        assert (str(jid), item['name'], sorted(item['groups']), item['subscription']) == (
            nurse, 'Nurse', ['House', 'Old friends'], 'none'), item
    assert list(await desk.contacts()) == [nurse]
    await desk.del_roster_item(nurse)
    for device in (desk, phone):
        assert list((await device.push())['roster']['items'].values())[0]['subscription'] == 'remove'

    await befriend(desk, romeo)
    for mine, theirs in ((desk, romeo), (romeo, desk)):
        items = await mine.contacts()
        assert items[theirs.boundjid.bare]['subscription'] == 'both', items

    # Each of the devices is seen, with what it shows.
    phone.send_presence(pshow='dnd', pstatus='at the ball', ppriority=3)
    while True:
        seen = await romeo.sees(phone.boundjid.bare)
        if seen['from'] == phone.boundjid.full and seen['status']:
            break
    assert (seen['show'], seen['status'], seen['priority']) == ('dnd', 'at the ball', 3), seen

    # Who comes later is told who is there, and is seen at once.
    await romeo.log_out()
    await phone.sees(romeo.boundjid.full, 'unavailable')
    romeo = await world.enters('romeo', 'orchard')
    seen = {(await romeo.sees(desk.boundjid.bare))['from'].resource for _ in range(2)}
    assert seen == {'desk', 'phone'}, seen
    await phone.sees(romeo.boundjid.full)

    # An end to it.
    desk.send_presence(pto=romeo.boundjid.bare, ptype='unsubscribed')
    await romeo.sees(desk.boundjid.bare, 'unsubscribed')
    for _ in range(2):
        await romeo.sees(desk.boundjid.bare, 'unavailable')
    items = await romeo.contacts()
    assert items[desk.boundjid.bare]['subscription'] == 'from', items


play(scene)

"""Two people talk; every device of both has all of it (XEP-0280)."""

import asyncio

from actor import PATIENCE, play

ODD = 'Ünïcode 🌹 <b>&amp;</b> \' " ]]> \n\t two  spaces'


def copies(actor):
    """Copies that come to this device: the queue of (direction, body)."""
    queue = asyncio.Queue()
    for direction in ('received', 'sent'):
        actor.add_event_handler(
            f'carbon_{direction}',
            lambda message, direction=direction: queue.put_nowait((direction, message[f'carbon_{direction}'])))
    return queue


async def copied(queue, direction, body):
    seen, message = await asyncio.wait_for(queue.get(), PATIENCE)
    assert (seen, message['body']) == (direction, body), (seen, str(message))
    return message


async def scene(world):
    desk = await world.enters('juliet', 'desk')
    phone = await world.enters('juliet', 'phone')
    romeo = await world.enters('romeo', 'garden')
    for device in (desk, phone):
        await device['xep_0280'].enable()
    on_desk, on_phone = copies(desk), copies(phone)

    # To one device: the other has a copy.
    sent = romeo.says(desk.boundjid.full, ODD)
    heard = await desk.hears(ODD)
    assert heard['id'] == sent and heard['from'] == romeo.boundjid.full, heard
    assert (await copied(on_phone, 'received', ODD))['from'] == romeo.boundjid.full
    await phone.hears_nothing()

    # What one device says, the other has as well.
    desk.says(romeo.boundjid.full, 'Wherefore art thou?')
    assert (await romeo.hears('Wherefore art thou?'))['from'] == desk.boundjid.full
    assert (await copied(on_phone, 'sent', 'Wherefore art thou?'))['to'] == romeo.boundjid.full

    # To the bare address: every device once, as the message or as a copy.
    romeo.says(desk.boundjid.bare, 'Call me but love')
    both = []
    for device, queue in ((desk, on_desk), (phone, on_phone)):
        await device['xep_0199'].ping(world.domain)
        await asyncio.sleep(0.3)
        both.append([m['body'] for m in drained(device.messages)] + [m['body'] for _, m in drained(queue)])
    assert both == [['Call me but love']] * 2, both

    # Private messages are not copied (§8).
    private = romeo.make_message(mto=desk.boundjid.full, mbody='for your eyes', mtype='chat')
    private['carbon_private'] = True
    private.send()
    await desk.hears('for your eyes')
    await phone.hears_nothing()
    assert on_phone.empty(), on_phone.get_nowait()

    # One after the other, in order.
    for n in range(100):
        romeo.says(desk.boundjid.full, f'line {n}')
    for n in range(100):
        await desk.hears(f'line {n}')

    # Nobody there: the sender is told.
    romeo.says(world.jid('nobody'), 'Is anybody there?')
    answer = await romeo.hears()
    assert answer['type'] == 'error' and answer['error']['condition'] == 'service-unavailable', answer


def drained(queue):
    return [queue.get_nowait() for _ in range(queue.qsize())]


play(scene)

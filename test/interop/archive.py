"""What was said can be read again, by page, by partner and by time (XEP-0313, XEP-0059)."""

import asyncio
from datetime import datetime, timedelta, timezone

from actor import PATIENCE, play, refused


async def scene(world):
    juliet = await world.enters('juliet')
    romeo = await world.enters('romeo', 'garden')
    nurse = await world.enters('nurse', 'house')
    for n in range(25):
        romeo.says(juliet.boundjid.bare, f'verse {n}')
        await juliet.hears(f'verse {n}')
    # Times of a query are whole seconds (XEP-0082 of this client).
    await asyncio.sleep(1.1)
    middle = datetime.now(timezone.utc).replace(microsecond=0)
    await asyncio.sleep(1.1)
    for n in range(5):
        juliet.says(nurse.boundjid.bare, f'errand {n}')
        await nurse.hears(f'errand {n}')
    verses = [f'verse {n}' for n in range(25)]
    errands = [f'errand {n}' for n in range(5)]

    # All of it, over pages of ten, in order, each entry once.
    found = await juliet.archive(rsm={'max': 10})
    assert [body for body, _, _ in found] == verses + errands, found
    assert len({entry for _, entry, _ in found}) == 30
    stamps = [stamp for _, _, stamp in found]
    assert stamps == sorted(stamps)

    # From the end backwards.
    found = await juliet.archive(rsm={'max': 10}, reverse=True)
    assert sorted(body for body, _, _ in found) == sorted(verses + errands), found

    # By partner, by time, and both.
    async def bodies(**query):
        return [body for body, _, _ in await juliet.archive(**query)]

    assert await bodies(with_jid=romeo.boundjid.bare) == verses
    assert await bodies(with_jid=nurse.boundjid.bare) == errands
    assert await bodies(with_jid=world.jid('nobody')) == []
    assert await bodies(end=middle) == verses
    assert await bodies(start=middle) == errands
    assert await bodies(start=middle, with_jid=romeo.boundjid.bare) == []
    assert await bodies(start=middle - timedelta(days=1), end=middle, with_jid=romeo.boundjid.bare) == verses

    # One page: its edges, its count, and the next after it.
    page = await juliet['xep_0313'].retrieve(with_jid=romeo.boundjid.bare, rsm={'max': 7}, timeout=PATIENCE)
    entries = page['mam']['results']
    fin = page['mam_fin']
    assert [entry['mam_result']['forwarded']['stanza']['body'] for entry in entries] == verses[:7]
    assert fin['rsm']['count'] == '25' and not fin.xml.get('complete'), page
    assert fin['rsm']['first'] == entries[0]['mam_result']['id'] and fin['rsm']['last'] == entries[-1]['mam_result']['id']
    page = await juliet['xep_0313'].retrieve(
        with_jid=romeo.boundjid.bare, rsm={'max': 100, 'after': fin['rsm']['last']}, timeout=PATIENCE)
    assert [one['mam_result']['forwarded']['stanza']['body'] for one in page['mam']['results']] == verses[7:]
    assert page['mam_fin'].xml.get('complete') == 'true', page

    # The stanza-id of a message is its id in the archive (§5).
    romeo.says(juliet.boundjid.full, 'mark me')
    heard = await juliet.hears('mark me')
    assert heard['stanza_id']['by'] == juliet.boundjid.bare, heard
    (*_, (body, entry, _)) = await juliet.archive()
    assert (body, entry) == ('mark me', heard['stanza_id']['id']), (body, entry, str(heard))

    # Both partners have it; nobody reads somebody else's.
    assert [body for body, _, _ in await romeo.archive()] == verses + ['mark me']
    await refused(nurse['xep_0313'].retrieve(jid=juliet.boundjid.bare, timeout=PATIENCE), 'service-unavailable')


play(scene)

"""What was said is found by its words and by its ids, and is gone when it was retracted (XEP-0313, XEP-0431, XEP-0424)."""

from xml.etree import ElementTree

from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from actor import PATIENCE, play, refused

MAM = 'urn:xmpp:mam:2'
FULLTEXT = '{urn:xmpp:fulltext:0}fulltext'
RETRACT = 'urn:xmpp:message-retract:1'


async def scene(world):
    juliet = await world.enters('juliet')
    romeo = await world.enters('romeo', 'garden')
    phone = await world.enters('romeo', 'phone')
    nurse = await world.enters('nurse', 'house')

    # The form says what can be asked for (XEP-0313 §4.1.5).
    fields = await juliet['xep_0313'].get_fields(timeout=PATIENCE)
    names = {field.get('var') for field in fields.xml.iter('{jabber:x:data}field')}
    assert {'with', 'start', 'end', 'before-id', 'after-id', 'ids', FULLTEXT} <= names, names

    said = {}
    for body in ['It is the Lärche, herald of the morn', 'No nightingale', 'the invoices of Mantua', 'good night']:
        said[body] = romeo.says(juliet.boundjid.bare, body)
        await juliet.hears(body)
    phone.says(juliet.boundjid.bare, 'from the phone, an invoice')
    await juliet.hears('from the phone, an invoice')
    nurse.says(juliet.boundjid.bare, 'Madam, an invoice!')
    await juliet.hears('Madam, an invoice!')

    async def found(client=juliet, to=None, rsm=None, flip=False, **fields):
        """One page: bodies and ids as they come, and the <fin/>."""
        iq = client.make_iq_set(ito=to)
        query = ElementTree.SubElement(iq.xml, f'{{{MAM}}}query', {'queryid': 'q'})
        form = client['xep_0004'].make_form(ftype='submit')
        form.add_field(var='FORM_TYPE', ftype='hidden', value=MAM)
        for var, value in fields.items():
            name = {'fulltext': FULLTEXT}.get(var, var.rstrip('_').replace('_', '-'))
            form.add_field(var=name, value=value, ftype='text-multi' if isinstance(value, list) else None)
        query.append(form.xml)
        if rsm is not None:
            page = ElementTree.SubElement(query, '{http://jabber.org/protocol/rsm}set')
            for name, value in rsm.items():
                ElementTree.SubElement(page, f'{{http://jabber.org/protocol/rsm}}{name}').text = value
        if flip:
            ElementTree.SubElement(query, f'{{{MAM}}}flip-page')
        results = []
        matcher = MatchXPath(f'{{jabber:client}}message/{{{MAM}}}result')
        client.register_handler(Callback('results', matcher, results.append))
        try:
            answer = await iq.send(timeout=PATIENCE)
        finally:
            client.remove_handler('results')
        entries = [one.xml.find(f'{{{MAM}}}result') for one in results]
        bodies = [one.findtext('.//{jabber:client}body') for one in entries]
        return bodies, [one.get('id') for one in entries], answer.xml.find(f'{{{MAM}}}fin')

    # By words: in any case, without accents, longer words that begin so, of one partner, of one device.
    bodies, _, fin = await found(fulltext='INVOICE')
    assert bodies == ['the invoices of Mantua', 'from the phone, an invoice', 'Madam, an invoice!'], bodies
    assert fin.get('complete') == 'true'
    assert (await found(fulltext='larche herald'))[0] == ['It is the Lärche, herald of the morn']
    assert (await found(fulltext='invoice', with_=romeo.boundjid.bare))[0] == [
        'the invoices of Mantua', 'from the phone, an invoice']
    assert (await found(fulltext='invoice', with_=phone.boundjid.full))[0] == ['from the phone, an invoice']
    assert (await found(with_=phone.boundjid.full))[0] == ['from the phone, an invoice']
    assert (await found(fulltext='nothing" OR "invoice'))[0] == []
    assert (await found(romeo, fulltext='madam'))[0] == []

    # By pages, forward, from the end, flipped.
    bodies, ids, fin = await found(rsm={'max': '2'})
    assert bodies == list(said)[:2] and fin.get('complete') is None, bodies
    assert (await found(rsm={'max': '2', 'after': ids[1]}))[0] == list(said)[2:]
    assert (await found(rsm={'max': '2', 'before': None}, flip=True))[0] == ['Madam, an invoice!', 'from the phone, an invoice']
    everything, ids, _ = await found()
    assert (await found(after_id=ids[0], before_id=ids[3]))[0] == everything[1:3]
    assert (await found(ids=[ids[4], ids[1]]))[0] == [everything[1], everything[4]]
    await refused(found(ids=['1']), 'item-not-found')
    await refused(found(nurse, after_id=ids[0]), 'item-not-found')
    iq = juliet.make_iq_get()
    ElementTree.SubElement(iq.xml, f'{{{MAM}}}metadata')
    metadata = (await iq.send(timeout=PATIENCE)).xml.find(f'{{{MAM}}}metadata')
    assert [(end.tag, end.get('id')) for end in metadata] == [(f'{{{MAM}}}start', ids[0]), (f'{{{MAM}}}end', ids[-1])]

    # Retracted from another device: the words are gone from both archives, the place stays.
    message = phone.make_message(mto=juliet.boundjid.bare, mtype='chat', mbody='/me retracted a message')
    message['id'] = 'gone'
    ElementTree.SubElement(message.xml, f'{{{RETRACT}}}retract', {'id': said['No nightingale']})
    message.send()
    await juliet.hears('/me retracted a message')
    for client in (juliet, romeo):
        assert (await found(client, fulltext='nightingale'))[0] == []
        bodies, after, _ = await found(client, with_=(romeo if client is juliet else juliet).boundjid.bare)
        assert bodies[1] is None and bodies[-1] == '/me retracted a message', bodies
        assert after[1] == ids[1]

    # Somebody else's cannot be.
    message = nurse.make_message(mto=juliet.boundjid.bare, mtype='chat', mbody='/me tried')
    message['id'] = 'tried'
    ElementTree.SubElement(message.xml, f'{{{RETRACT}}}retract', {'id': said['good night']})
    message.send()
    await juliet.hears('/me tried')
    assert (await found(fulltext='"good night"'))[0] == ['good night']


play(scene)

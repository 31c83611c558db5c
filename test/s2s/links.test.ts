import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { twoHouses } from '../support/two-houses.ts';

describe('two houses', () => {
  test('RFC 6120 §4, XEP-0178: a message goes there and back', async (t) => {
    const { verona, mantua } = await twoHouses(t);
    const juliet = await verona.scene.comes('juliet@verona.test/balcony');
    const romeo = await mantua.scene.comes('romeo@mantua.test/orchard');
    juliet.patience = romeo.patience = 10_000;
    await juliet.sends("<message to='romeo@mantua.test' type='chat'><body>wherefore?</body></message>");
    await romeo.receives("<message from='juliet@verona.test/balcony' type='chat'><body>wherefore?</body></message>");
    await romeo.sends("<message to='juliet@verona.test/balcony' type='chat'><body>here</body></message>");
    await juliet.receives("<message from='romeo@mantua.test/orchard' type='chat'><body>here</body></message>");
    assert.equal(verona.federation.links().length, 1, 'it goes both ways');
  });
});

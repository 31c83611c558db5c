import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Neighbours, noNeighbours, type Ways } from '../../support/federation.ts';

/** That the servers which nobody here wrote are set up as federation with ours needs them. */
describe('Prosody and ejabberd', { skip: noNeighbours, timeout: 120_000 }, () => {
  for (const [ways, title] of [
    ['certificates', 'find each other by our DNS, and know each other by certificates'],
    ['dialback', 'know each other by dialback where no certificate says anything'],
  ] as const satisfies readonly (readonly [Ways, string])[]) {
    it(title, async () => {
      await using neighbours = await Neighbours.open(ways);
      await neighbours.meet('neighbours', neighbours.ejabberd, neighbours.prosody);
      const how = ways === 'certificates' ? 'EXTERNAL' : 'dialback';
      for (const bound of ['inbound', 'outbound']) {
        assert.ok(neighbours.ejabberd.log.includes(`Accepted ${bound} s2s ${how} authentication`), neighbours.words);
      }
    });
  }
});

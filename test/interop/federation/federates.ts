import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Biboumi, noBiboumi } from '../../support/biboumi.ts';
import { Neighbours, noNeighbours, type Ways } from '../../support/federation.ts';
import { Ngircd, noNgircd } from '../../support/ngircd.ts';
import { lastLines } from '../../support/slixmpp.ts';

const SCENES: readonly (readonly [scene: string, title: string])[] = [
  [
    'people',
    'people of both become contacts, see each other, write, and find it in their archives (RFC 6121, XEP-0313)',
  ],
  [
    'profiles',
    'they know the other server, its people, their cards and pictures, and hear of changes (XEP-0030, 0054, 0163)',
  ],
  ['rooms', 'they meet in a room of either, and read its archive by pages (XEP-0045, XEP-0313)'],
  ['links', 'what one uploads the other opens by its link (XEP-0363)'],
];

/** What goes between Hallway and servers that others wrote; `more` are further scenes with them. */
export function federates(ways: Ways, more: (open: () => Neighbours) => void = () => undefined): void {
  describe(`Hallway and its neighbours by ${ways}`, { skip: noNeighbours, timeout: 280_000 }, () => {
    let neighbours: Neighbours;
    before(async () => {
      neighbours = await Neighbours.open(ways, { hallway: true });
    });
    after(() => neighbours[Symbol.asyncDispose]());

    for (const [name, which] of [
      ['Prosody', (all: Neighbours) => all.prosody],
      ['ejabberd', (all: Neighbours) => all.ejabberd],
    ] as const) {
      describe(name, () => {
        for (const [scene, title] of SCENES) {
          it(title, async () => {
            await neighbours.meets(scene, which(neighbours));
          });
        }

        it('the links are as they should be', async () => {
          const { domain, log } = which(neighbours);
          const proof = ways === 'certificates' ? 'certificate' : 'dialback';
          const { links } = await neighbours.why(domain);
          assert.ok(links.length > 0, neighbours.words);
          for (const { direction, theirs, ours, transport, bidi } of links) {
            const shown = [
              direction === 'in' || bidi ? theirs : proof,
              direction === 'out' || bidi ? (ours ?? proof) : proof,
            ];
            assert.deepEqual(shown, [proof, proof], JSON.stringify(links));
            assert.equal(transport, ways === 'certificates' ? 'tls' : 'starttls', JSON.stringify(links));
          }
          if (name === 'Prosody') {
            // After dialback a stream does not begin anew, and is never offered to be counted (XEP-0198).
            assert.ok(
              links.some(({ bidi, managed }) => bidi && (managed || ways === 'dialback')),
              JSON.stringify(links),
            );
          } else {
            // It has streams of one direction each (XEP-0288 came later).
            const directions = [...new Set(links.map(({ direction }) => direction))].sort();
            assert.deepEqual(directions, ['in', 'out'], JSON.stringify(links));
            assert.match(
              log,
              ways === 'certificates' ? /Accepted inbound s2s EXTERNAL/ : /Accepted inbound s2s dialback/,
            );
          }
        });
      });
    }
    it('their people join an IRC channel through a component of ours (XEP-0114)', {
      skip: noBiboumi || noNgircd,
    }, async () => {
      const { hallway, prosody, ejabberd } = neighbours;
      const { component, secret } = await hallway.local.call('POST /api/components', {
        body: { name: `irc.${hallway.domain}` },
      });
      await using irc = await Ngircd.start();
      const where = { name: component.name, secret, port: hallway.ports.component };
      await using biboumi = await Biboumi.start(where);
      try {
        for (const peer of [prosody, ejabberd]) {
          await neighbours.meets('irc', peer, { gateway: component.name, irc: [irc.address, irc.port] });
        }
      } catch (error) {
        throw new Error(`biboumi’s last words:\n${lastLines(biboumi.log, 40)}`, { cause: error });
      }
    });

    more(() => neighbours);
  });
}

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Appliance } from '../support/appliance.ts';
import { XmppClient } from '../support/xmpp-client.ts';

const ROUNDS = 10;
/** Sent before each request for an acknowledgement, and sent at most beyond the last one that came. */
const BATCH = 7;
const WINDOW = 210;
const JULIET = 'juliet@example.test';
const SM = "xmlns='urn:xmpp:sm:3'";

interface Flood {
  /** Messages that went out, and how many of them the server acknowledged: the first so many. */
  readonly sent: number;
  readonly acked: number;
}

/** Sends numbered messages as fast as acknowledgements allow, until the connection breaks. */
async function flood(client: XmppClient, round: number): Promise<Flood> {
  client.send(`<enable ${SM}/>`);
  await client.next('enabled');
  let sent = 0;
  let acked = 0;
  let over = false;
  const closed = client.closed.then(() => {
    over = true;
  });
  client.on('element', (element) => {
    if (element.name === 'a') acked = Number(element.attrs.h);
  });
  while (!over) {
    client.drain();
    if (sent - acked >= WINDOW) {
      await sleep(1);
      continue;
    }
    let batch = '';
    for (let i = 0; i < BATCH; i++, sent++) {
      batch += `<message to='${JULIET}' type='chat' id='m${sent}'><body>round ${round} message ${sent}</body></message>`;
    }
    client.send(`${batch}<r ${SM}/>`);
    await new Promise(setImmediate);
  }
  await closed;
  return { sent, acked };
}

interface Entry {
  readonly id: string;
  readonly body: string;
}

/** What an archive has after an entry, over as many pages as it takes. */
async function archive(client: XmppClient, after: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  let last = after;
  for (let page = 0; ; page++) {
    const from = last === '' ? '' : `<after>${last}</after>`;
    const set = `<set xmlns='http://jabber.org/protocol/rsm'><max>200</max>${from}</set>`;
    const id = `page-${page}`;
    client.send(`<iq type='set' id='${id}'><query xmlns='urn:xmpp:mam:2' queryid='${id}'>${set}</query></iq>`);
    for (;;) {
      const element = await client.next((one) => one.name === 'message' || one.attrs.id === id);
      if (element.name === 'iq') {
        assert.equal(element.attrs.type, 'result', element.toString());
        if (element.getChild('fin')?.attrs.complete === 'true') return entries;
        last = element.getChild('fin')?.getChild('set')?.getChildText('last') ?? '';
        break;
      }
      const result = element.getChild('result');
      const body = result?.getChild('forwarded')?.getChild('message')?.getChildText('body');
      if (result !== undefined) entries.push({ id: result.attrs.id, body: body ?? '' });
    }
  }
}

/** Messages given to somebody who was away: some may come before the server has answered, some after. */
async function waiting(client: XmppClient): Promise<string[]> {
  client.send("<presence/><iq type='get' id='ping' to='example.test'><ping xmlns='urn:xmpp:ping'/></iq>");
  const bodies: string[] = [];
  for (let answered = false; ; ) {
    const come = client.next((one) => one.name === 'message' || one.attrs.id === 'ping', answered ? 1_000 : undefined);
    const element = answered ? await come.catch(() => undefined) : await come;
    if (element === undefined) return bodies;
    if (element.name === 'iq') answered = true;
    const body = element.getChildText('body');
    if (body !== null && body !== undefined) bodies.push(body);
  }
}

describe('the server is killed at random moments, ten times', { timeout: 240_000 }, () => {
  it('what it acknowledged is in the archive of both, once, in order; and waits, once, for who was away', async (t) => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('romeo', 'montague');
    await appliance.addPerson('juliet', 'capulet');
    let known = { romeo: '', juliet: '' };
    let total = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const away = round % 2 === 0;
      const juliet = away ? undefined : await XmppClient.login(appliance, 'juliet', 'capulet');
      juliet?.send('<presence/>');
      const romeo = await XmppClient.login(appliance, 'romeo', 'montague');
      const flooding = flood(romeo, round);
      await sleep(randomInt(20, away ? 250 : 700));
      await appliance.kill();
      const { sent, acked } = await flooding;
      await juliet?.closed;
      await appliance.start();

      const numbers = (bodies: readonly string[]): number[] =>
        bodies.map((body) => {
          const [, of, n] = /^round (\d+) message (\d+)$/.exec(body) ?? [];
          assert.equal(Number(of), round, `"${body}" is of another round`);
          return Number(n);
        });
      const whole = (bodies: readonly string[], where: string): void => {
        // The first so many and not one twice: nothing lost, nothing doubled, nothing out of order.
        const found = numbers(bodies);
        assert.deepEqual(found, [...found.keys()], `${where} has gaps or doubles`);
        assert.ok(found.length >= acked, `${where} has ${found.length}, but ${acked} were acknowledged`);
        assert.ok(found.length <= sent, `${where} has ${found.length} of ${sent}`);
      };
      for (const [local, password] of [
        ['romeo', 'montague'],
        ['juliet', 'capulet'],
      ] as const) {
        await using client = await XmppClient.login(appliance, local, password, { resource: 'reader' });
        const entries = await archive(client, known[local]);
        whole(
          entries.map(({ body }) => body),
          `round ${round}: the archive of ${local}`,
        );
        known = { ...known, [local]: entries.at(-1)?.id ?? known[local] };
        if (local === 'juliet' && away) whole(await waiting(client), `round ${round}: what waited for juliet`);
      }
      total += acked;
      t.diagnostic(`round ${round}: ${sent} sent, ${acked} acknowledged`);
    }
    assert.ok(total > 0, 'nothing was ever acknowledged: the test shows nothing');
  });
});

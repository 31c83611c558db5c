import { type Element, el, serialize } from '../../xmpp/element.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { StanzaErrorCondition } from '../../xmpp/stanza-error.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';
import { RESUME_SECONDS } from '../resumptions.ts';
import { clientInfo } from './bind.ts';

/** Stream management (XEP-0198 1.6.3): acknowledgements, and sessions that outlive their connection. */
export const streamManagement: Feature = {
  offer: (connection) => (connection.account === undefined ? '' : `<sm xmlns='${NS.sm}'/>`),

  takes: (connection, element) => connection.account !== undefined && element.attrs.xmlns === NS.sm,

  handle(connection, element) {
    switch (element.name) {
      case 'enable':
        return enable(connection, element);
      case 'resume':
        return resume(connection, element);
      case 'r':
        return request(connection);
      case 'a':
        return connection.outlet?.acknowledge(count(element));
      default:
        throw new StreamError('unsupported-stanza-type', 'Stream management knows no such element.');
    }
  },
};

function count(element: Element): number {
  const h: string = element.attrs.h ?? '';
  const n = Number(h);
  if (!/^\d{1,10}$/.test(h) || n >= 2 ** 32) throw new StreamError('invalid-xml', 'An acknowledgement has a number.');
  return n;
}

function failed(connection: Connection, condition: StanzaErrorCondition, h?: number): void {
  connection.stream.send(serialize(el('failed', { xmlns: NS.sm, h }, el(condition, { xmlns: NS.stanzas }))));
}

function enable(connection: Connection, element: Element): void {
  const { outlet } = connection;
  if (outlet === undefined || outlet.managed) {
    failed(connection, 'unexpected-request'); // §3
    return;
  }
  const resume = element.attrs.resume === 'true' || element.attrs.resume === '1';
  const id = outlet.enable(resume);
  const more = resume ? { id, resume: 'true', max: RESUME_SECONDS } : {};
  connection.stream.send(serialize(el('enabled', { xmlns: NS.sm, ...more })));
}

/** What is acknowledged is on disk first: the answer waits for the commit, the stream does not. */
function request(connection: Connection): void {
  const { outlet, stream, host } = connection;
  if (outlet === undefined || !outlet.managed) return;
  const h = outlet.handled;
  host!.house.db.durable(false).then(
    () => stream.send(`<a xmlns='${NS.sm}' h='${h}'/>`),
    () => undefined,
  );
}

async function resume(connection: Connection, element: Element): Promise<void> {
  const { account, host, session, stream } = connection;
  const { resumptions } = connection.door;
  if (session !== undefined) return failed(connection, 'unexpected-request');
  const token: string = element.attrs.previd ?? '';
  const bare = makeJid(account!.local, host!.domain).bare;
  const outlet = resumptions.find(token, bare);
  if (outlet === undefined || outlet.over) {
    return failed(connection, 'item-not-found', resumptions.handledBefore(token, bare)); // §5
  }
  const h = count(element);
  await connection.stillValid();
  if (outlet.over || stream.ended) return failed(connection, 'item-not-found', outlet.handled);
  outlet.acknowledge(h);
  await outlet.interrupt(); // from here on nothing more is handled for the session: its count can be told once it is on disk
  await host!.house.db.durable();
  if (outlet.over) return failed(connection, 'item-not-found', outlet.handled);
  if (stream.ended) return; // the session waits for the next try
  outlet.session.client = clientInfo(connection);
  connection.established(outlet.session, outlet);
  outlet.attach(stream, serialize(el('resumed', { xmlns: NS.sm, previd: token, h: outlet.handled })));
}

import type { Element } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { StanzaErrorCondition } from '../../xmpp/stanza-error.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { Connection } from '../connection.ts';
import type { Feature } from '../feature.ts';
import { enableManagement, handledCount, managementFailed, takeUp } from '../login/resumption.ts';

/** Stream management (XEP-0198 1.6.3): acknowledgements, and sessions that outlive their connection. */
export const streamManagement: Feature = {
  xep: [198, '1.6.3'],
  offer: (connection) =>
    connection.account === undefined || connection.outlet?.managed === true ? '' : `<sm xmlns='${NS.sm}'/>`,

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
        return connection.outlet?.acknowledge(handledCount(element));
      default:
        throw new StreamError('unsupported-stanza-type', 'Stream management knows no such element.');
    }
  },
};

function failed(connection: Connection, condition: StanzaErrorCondition): void {
  connection.stream.send(managementFailed(condition));
}

function enable(connection: Connection, element: Element): void {
  const { outlet } = connection;
  if (outlet === undefined || outlet.managed) {
    failed(connection, 'unexpected-request'); // §3
    return;
  }
  const resume = element.attrs.resume === 'true' || element.attrs.resume === '1';
  connection.stream.send(enableManagement(outlet, resume));
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
  if (connection.session !== undefined) return failed(connection, 'unexpected-request');
  const taken = await takeUp(connection, element);
  if (connection.stream.ended) return; // the session waits for the next try
  if (taken.failed !== undefined) connection.stream.send(taken.failed);
  else taken.goOn(taken.resumed);
}

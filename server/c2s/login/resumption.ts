import { type Element, el, serialize } from '../../xmpp/element.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { StanzaErrorCondition } from '../../xmpp/stanza-error.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import type { ClientOutlet } from '../client-outlet.ts';
import type { Connection } from '../connection.ts';
import { RESUME_SECONDS } from '../resumptions.ts';
import { clientInfo } from './session.ts';

/** What came of <resume/>: its refusal, or the answer to it and what goes on with the session once that is said. */
export type Taken =
  | { readonly failed: string; readonly resumed?: undefined }
  | {
      readonly failed?: undefined;
      readonly resumed: string;
      /** The full address of the session. */
      readonly jid: string;
      /** `first` is what the client is told before it gets what it missed. To be called in the turn that it is given. */
      readonly goOn: (first: string) => void;
    };

/** The number of stanzas that a client says it has handled (XEP-0198 §4). Throws StreamError. */
export function handledCount(element: Element): number {
  const h: string = element.attrs.h ?? '';
  const n = Number(h);
  if (!/^\d{1,10}$/.test(h) || n >= 2 ** 32) throw new StreamError('invalid-xml', 'An acknowledgement has a number.');
  return n;
}

/** <failed/> of XEP-0198. */
export function managementFailed(condition: StanzaErrorCondition, h?: number): string {
  return serialize(el('failed', { xmlns: NS.sm, h }, el(condition, { xmlns: NS.stanzas })));
}

/** Turns stream management on (XEP-0198 §3). Gives <enabled/>. */
export function enableManagement(outlet: ClientOutlet, resume: boolean): string {
  const id = outlet.enable(resume);
  const more = resume ? { id, resume: 'true', max: RESUME_SECONDS } : {};
  return serialize(el('enabled', { xmlns: NS.sm, ...more }));
}

/** Takes up a session that waits for its client (XEP-0198 §5). Throws StreamError. */
export async function takeUp(connection: Connection, element: Element): Promise<Taken> {
  const { account, host, stream, device } = connection;
  const { resumptions } = connection.door;
  const token: string = element.attrs.previd ?? '';
  const bare = makeJid(account!.local, host!.domain).bare;
  const notFound = (h?: number): Taken => ({ failed: managementFailed('item-not-found', h) });
  const outlet = resumptions.find(token, bare);
  if (outlet === undefined || outlet.over) return notFound(resumptions.handledBefore(token, bare)); // §5
  // SECURITY 26: what one device has begun no other goes on with, even of the same person.
  const began = outlet.session.client.device;
  if (began !== undefined && device !== undefined && began !== device) return notFound();
  const h = handledCount(element);
  await connection.stillValid();
  if (outlet.over || stream.ended) return notFound(outlet.handled);
  outlet.acknowledge(h);
  await outlet.interrupt(); // from here on nothing more is handled for the session: its count can be told once it is on disk
  await host!.house.db.durable();
  if (outlet.over || stream.ended) return notFound(outlet.handled);
  return {
    resumed: serialize(el('resumed', { xmlns: NS.sm, previd: token, h: outlet.handled })),
    jid: outlet.session.jid.full,
    goOn(first) {
      outlet.session.client = { ...(began !== undefined && { device: began }), ...clientInfo(connection) };
      connection.established(outlet.session, outlet);
      outlet.attach(stream, first);
    },
  };
}

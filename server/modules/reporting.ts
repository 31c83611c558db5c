import type { HostEvents } from '../host/events.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { timeOf } from '../storage/archive-id.ts';
import type { ReportedMessage } from '../storage/stores/reports.ts';
import { child, type Element, elements, textOf } from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';

/** What of a report is kept; the rest is cut off, as who blocks somebody must not be refused for how it is reported. */
const LONGEST_REASON = 200;
const LONGEST_TEXT = 2_000;
const MOST_MESSAGES = 10;
/** Reports of one request. */
const MOST_AT_ONCE = 5;

/**
 * Reports with blocking (XEP-0377): why somebody was blocked, kept for the administrator (`hallwayctl report list`). It is
 * passed on to nobody else, whatever a report allows (§5: MAY).
 */
export const reporting: Module = {
  name: 'reporting',
  xep: [377, '0.4.1'],
  start: (host) => ({
    features: [NS.reporting],
    accountFeatures: [NS.reporting],
    on: { blocked: (event) => keep(host, event) },
  }),
};

async function keep(host: Host, { account, reported }: HostEvents['blocked']): Promise<void> {
  const reporter = `${account.local}@${account.domain}`;
  let left = MOST_AT_ONCE;
  for (const item of reported) {
    const report = child(item, 'report', NS.reporting);
    const subject = tryParseJid(item.attrs.jid ?? '');
    // §4: a report has a reason. Without one the block stands all the same (§6).
    const reason = String(report?.attrs.reason ?? '').slice(0, LONGEST_REASON);
    if (report === undefined || subject === undefined || reason === '' || left === 0) continue;
    left--;
    const added = await host.house.stores.reports.add({
      time: Date.now(),
      account: account.id,
      reporter,
      subject: subject.full,
      reason,
      text: textOf(child(report, 'text')).trim().slice(0, LONGEST_TEXT),
      messages: await evidence(host, account.id, reporter, subject, report),
    });
    if (!added) host.house.log.warn({ reporter }, 'somebody reports very often; this report was not kept');
  }
}

/** §6: the messages that a report names: out of the reporter's own archive, and only those of who is reported. */
async function evidence(
  host: Host,
  account: number,
  reporter: string,
  subject: Jid,
  report: Element,
): Promise<ReportedMessage[]> {
  const named = elements(report)
    .filter(({ name, attrs }) => name === 'stanza-id' && attrs.xmlns === NS.sid && attrs.by === reporter)
    .filter(({ attrs }) => /^\d{1,16}$/.test(attrs.id ?? ''))
    .map(({ attrs }) => Number(attrs.id))
    .filter((id) => Number.isSafeInteger(id));
  if (named.length === 0) return [];
  const ids = named.slice(0, MOST_MESSAGES);
  const page = await host.house.stores.archives.page(account, { ids, limit: MOST_MESSAGES, fromEnd: false });
  return page.rows.flatMap(({ id, stanza }) => {
    const message = host.house.parse(stanza);
    const from = tryParseJid(message.attrs.from ?? '');
    const theirs = subject.local === '' ? from?.domain === subject.domain : from?.bare === subject.bare;
    return theirs ? [{ time: timeOf(id), text: textOf(child(message, 'body')).slice(0, LONGEST_TEXT) }] : [];
  });
}

import { dataForm, readForm } from './data-form.ts';
import { parseDateTime } from './delay.ts';
import { child, type Element } from './element.ts';
import { type Jid, tryParseJid } from './jid.ts';
import { NS } from './ns.ts';
import { readPageRequest } from './result-set.ts';
import { StanzaError } from './stanza-error.ts';

/** XEP-0431 §3.1. */
const FULLTEXT = `{${NS.fulltext}}fulltext`;
const FIELDS: ReadonlySet<string> = new Set([
  'FORM_TYPE',
  'with',
  'start',
  'end',
  'before-id',
  'after-id',
  'ids',
  'include-groupchat',
  FULLTEXT,
]);

/** What somebody asks of an archive (XEP-0313 §4): which messages, and which page of them. */
export interface AskedOfArchive {
  /** Exchanged with this address; with any of its devices when it is bare. */
  readonly with: Jid | undefined;
  /** Times in ms since 1970, inclusive. */
  readonly start: number | undefined;
  readonly end: number | undefined;
  /** Only what comes after, and before, all of these. */
  readonly after: readonly string[];
  readonly before: readonly string[];
  /** What of this belongs to the question itself, not to the page. */
  readonly formAfter: string | undefined;
  readonly formBefore: string | undefined;
  /** Only these. */
  readonly ids: readonly string[] | undefined;
  /** With these words in it (XEP-0431). */
  readonly text: string | undefined;
  /** How many at most, undefined when the client does not say. */
  readonly max: number | undefined;
  /** The last ones, not the first. */
  readonly fromEnd: boolean;
  /** The newest is sent first (§4.3.4). */
  readonly flipped: boolean;
  readonly queryId: string | undefined;
}

/** The form of what an archive can be asked for (§4.1.5). A room's archive has messages of no other rooms to speak of. */
export function archiveForm(whose: 'account' | 'room'): Element {
  return dataForm({
    type: 'form',
    formType: NS.mam,
    fields: [
      { name: 'with', type: 'jid-single' },
      { name: 'start', type: 'text-single' },
      { name: 'end', type: 'text-single' },
      { name: 'before-id', type: 'text-single' },
      { name: 'after-id', type: 'text-single' },
      { name: 'ids', type: 'list-multi', open: true },
      ...(whose === 'account' ? [{ name: 'include-groupchat', type: 'boolean' } as const] : []),
      { name: FULLTEXT, type: 'text-single' },
    ],
  });
}

/** Reads a query. Throws StanzaError for what it does not understand. */
export function readArchiveQuery(payload: Element): AskedOfArchive {
  const form = readForm(payload);
  const values = form?.values ?? new Map<string, readonly string[]>();
  if (form !== undefined && form.formType !== NS.mam)
    throw new StanzaError('bad-request', 'The form is of another type.');
  for (const name of values.keys()) {
    if (!FIELDS.has(name)) throw new StanzaError('feature-not-implemented', `The archive cannot be asked for ${name}.`); // §4.1.5
  }
  const value = (name: string): string | undefined => values.get(name)?.[0];
  const peer = value('with');
  const jid = peer === undefined ? undefined : tryParseJid(peer);
  if (peer !== undefined && jid === undefined) throw new StanzaError('bad-request', 'This is not an address.');
  // §4.1.4: who asks for rooms' messages, or not to have them, gets what is here: messages of rooms are in the rooms' archives.
  if (!/^(?:|true|false|1|0)$/.test(value('include-groupchat') ?? '')) throw new StanzaError('bad-request');
  const { max, after, before } = readPageRequest(payload);
  const given = (...ids: (string | undefined)[]): string[] => ids.filter((id) => id !== undefined);
  const text = value(FULLTEXT);
  return {
    with: jid,
    start: moment(value('start')),
    end: moment(value('end')),
    after: given(after, value('after-id')),
    before: given(before === '' ? undefined : before, value('before-id')),
    formAfter: value('after-id'),
    formBefore: value('before-id'),
    ids: values.get('ids'),
    text: text === '' ? undefined : text, // XEP-0431 §2.2: only "if non-empty"
    max,
    fromEnd: before !== undefined,
    flipped: child(payload, 'flip-page') !== undefined,
    queryId: payload.attrs.queryid,
  };
}

function moment(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseDateTime(text);
  if (time === undefined) throw new StanzaError('bad-request', 'This is not a date and time.');
  return time;
}

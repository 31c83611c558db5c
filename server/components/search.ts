import type { Component } from '../host/component.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import { choiceOption } from '../host/options.ts';
import type { DirectoryQuery, Listed } from '../storage/stores/directory.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { dataForm, readForm } from '../xmpp/data-form.ts';
import { child, type Element, el, textOf } from '../xmpp/element.ts';
import { makeJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { pageAnswer, readPageRequest } from '../xmpp/result-set.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { Service } from './service.ts';

/** People in one answer, when the client does not say and at most. */
const PAGE = 50;
const PAGE_LIMIT = 100;
/** Characters of one thing that is looked for. */
const TERM_LIMIT = 200;

export const directoryVisible = choiceOption({
  key: 'directory.visible',
  scope: 'domain',
  group: 'Profiles',
  title: 'Who is found in the directory',
  help: 'People with an account in this domain can look for each other in their chat app. Nobody else can.',
  default: 'everybody',
  choices: {
    everybody: 'Everybody with an account in use',
    profiles: 'Only people who have written a profile that colleagues may look at',
    nobody: 'Nobody: there is no directory',
  },
});

/** Fields that old clients know (XEP-0055 §5), and the one that forms have beside them. */
const FIELDS = [
  { name: 'first', label: 'First name' },
  { name: 'last', label: 'Last name' },
  { name: 'nick', label: 'Nickname' },
  { name: 'email', label: 'Mail or chat address' },
] as const;
const WORDS = { name: 'x-words', label: 'Any of these' } as const;
const INSTRUCTIONS =
  'Fill in one field or more. Parts of names are enough; with nothing filled in, everybody is found.';

/** The directory of a domain's people (XEP-0055), for those people alone. */
export const search: Component = {
  name: 'search',
  prefix: 'search',
  xep: [55, '1.3'],
  options: [directoryVisible],
  start(host) {
    // Each search reads the list of the domain's people: plenty for a person who types, little for a program.
    const buckets = new TokenBuckets({ capacity: 20, perSecond: 1, keys: 10_000 });
    return new Service(host, {
      title: 'Directory of people',
      identities: [{ category: 'directory', type: 'user', name: 'Directory of people' }],
      features: [NS.search, NS.dataForms, NS.rsm],
      listed: () => host.option(directoryVisible) !== 'nobody',
      iq: [
        { type: 'get', xmlns: NS.search, name: 'query', handle: (request) => describe(host, request) },
        { type: 'set', xmlns: NS.search, name: 'query', handle: (request) => find(host, buckets, request) },
      ],
    });
  },
};

/** Who works here is nobody's business outside (SECURITY 49). */
function checkColleague(host: Host, { stanza: { from } }: IqRequest): void {
  if (from.domain !== host.domain || from.local === '') {
    throw new StanzaError('forbidden', 'This directory is for the people in it.');
  }
}

/** §2.1, §3 */
function describe(host: Host, request: IqRequest): Element {
  checkColleague(host, request);
  return el(
    'query',
    { xmlns: NS.search },
    el('instructions', {}, INSTRUCTIONS),
    ...FIELDS.map(({ name }) => el(name)),
    dataForm({
      type: 'form',
      formType: NS.search,
      title: 'Directory of people',
      instructions: INSTRUCTIONS,
      fields: [WORDS, ...FIELDS].map(({ name, label }) => ({ name, label, type: 'text-single' })),
    }),
  );
}

async function find(host: Host, buckets: TokenBuckets, request: IqRequest): Promise<Element> {
  checkColleague(host, request);
  const { payload, stanza } = request;
  const form = readForm(payload);
  if (form?.type === 'cancel') return el('query', { xmlns: NS.search });
  const read = (name: string): string => {
    const text = form === undefined ? textOf(child(payload, name)) : (form.values.get(name)?.[0] ?? '');
    if (text.length > TERM_LIMIT) throw new StanzaError('not-acceptable', `At most ${TERM_LIMIT} characters, please.`);
    return text;
  };
  const { max = PAGE, after, before } = readPageRequest(payload);
  if (before !== undefined) throw new StanzaError('feature-not-implemented', 'This list is read forwards only.');
  const query: DirectoryQuery = {
    domain: host.domain,
    given: read('first'),
    family: read('last'),
    nick: read('nick'),
    email: read('email'),
    words: form === undefined ? '' : read(WORDS.name),
    written: host.option(directoryVisible) === 'profiles',
    after: after ?? '',
    limit: Math.min(max, PAGE_LIMIT) + 1,
  };
  if (buckets.take(stanza.from.bare) > 0) throw new StanzaError('resource-constraint', 'Not so many at once, please.');
  const people = await host.house.stores.directory.search(query);
  const more = people.length === query.limit;
  if (more) people.pop();
  return answer(host, people, more, form !== undefined, child(payload, 'set', NS.rsm) !== undefined);
}

/** §2.1: without anybody an empty one. */
function answer(host: Host, people: readonly Listed[], more: boolean, asForm: boolean, paged: boolean): Element {
  const rows = people.map((one) => row(host, one));
  const [first, last] = [people[0]?.local, people.at(-1)?.local];
  const bounds = first === undefined || last === undefined ? {} : { first, last };
  // A client that never heard of pages is told that there are more; one that has sees the last page by its emptiness.
  const page = (paged || more) && pageAnswer(bounds);
  if (people.length === 0) return el('query', { xmlns: NS.search }, paged && page);
  if (!asForm) {
    const items = rows.map(({ jid, ...fields }) =>
      el('item', { jid }, ...FIELDS.map(({ name }) => el(name, {}, fields[name]))),
    );
    return el('query', { xmlns: NS.search }, ...items, page);
  }
  const note = more ? `Only the first ${people.length} people are shown. Say more of whom you look for.` : '';
  return el('query', { xmlns: NS.search }, resultForm(rows, note), page);
}

type Row = Record<(typeof FIELDS)[number]['name'] | 'jid', string>;

/** Who wrote no card has the name that the administrator gave, its last word taken for the family's. */
function row(host: Host, { local, name, given, family, nick, email }: Listed): Row {
  const words = name.split(' ');
  const known = given !== '' || family !== '';
  return {
    jid: makeJid(local, host.domain).bare,
    first: known ? given : words.length > 1 ? words.slice(0, -1).join(' ') : name,
    last: known ? family : words.length > 1 ? words.at(-1)! : '',
    nick,
    email,
  };
}

/** XEP-0004 §3.4 */
function resultForm(rows: readonly Row[], note: string): Element {
  const columns = [{ name: 'jid', label: 'Chat address' } as const, ...FIELDS];
  const type = (name: string): string => (name === 'jid' ? 'jid-single' : 'text-single');
  const form = dataForm({
    type: 'result',
    formType: NS.search,
    ...(note !== '' && { instructions: note }),
    fields: [],
  });
  form.append(
    el('reported', {}, ...columns.map(({ name, label }) => el('field', { var: name, label, type: type(name) }))),
  );
  for (const one of rows) {
    form.append(el('item', {}, ...columns.map(({ name }) => el('field', { var: name }, el('value', {}, one[name])))));
  }
  return form;
}

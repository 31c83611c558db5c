import { child, type Element, el, elements, textOf } from './element.ts';

/**
 * One property in both formats. Conversions take all elements of the property and give all of the other format; what the
 * other format cannot say is left out.
 */
export interface Property {
  /** Names in vcard-temp. */
  readonly old: readonly string[];
  /** Its name in vCard4. */
  readonly now: string;
  readonly toNow: (old: readonly Element[]) => Element[];
  readonly toOld: (now: readonly Element[]) => Element[];
}

const value = (parent: Element, name: string): string => textOf(child(parent, name)).trim();
const all = (parent: Element, name: string): string[] =>
  elements(parent)
    .filter((one) => one.name === name)
    .map((one) => textOf(one).trim())
    .filter((one) => one !== '');
const filled = (name: string, text: string): Element | false => text !== '' && el(name, {}, text);
const listed = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** A property that is one text in both. `kind` is the type of its value in vCard4. */
function plain(old: string, now: string, kind: 'text' | 'uri' = 'text', scheme = ''): Property {
  return {
    old: [old],
    now,
    toNow: (list) =>
      list.flatMap((one) => {
        const text = textOf(one).trim();
        return text === '' ? [] : [el(now, {}, el(kind, {}, scheme + text))];
      }),
    toOld: (list) =>
      list.flatMap((one) => {
        const text = value(one, kind);
        return text === '' || !text.startsWith(scheme) ? [] : [el(old, {}, text.slice(scheme.length))];
      }),
  };
}

/** Where and for what: the flags that both formats have. */
const FLAGS = ['HOME', 'WORK', 'VOICE', 'FAX', 'PAGER', 'CELL', 'VIDEO'] as const;

function parametersOf(old: Element): Element | false {
  const types = FLAGS.filter((flag) => child(old, flag) !== undefined).map((flag) => flag.toLowerCase());
  const preferred = child(old, 'PREF') !== undefined;
  if (types.length === 0 && !preferred) return false;
  return el(
    'parameters',
    {},
    types.length > 0 && el('type', {}, ...types.map((type) => el('text', {}, type))),
    preferred && el('pref', {}, el('integer', {}, '1')),
  );
}

function flagsOf(now: Element): Element[] {
  // Some examples of XEP-0292 leave out <parameters/>.
  const parameters = child(now, 'parameters') ?? now;
  const types = elements(parameters)
    .filter((one) => one.name === 'type')
    .flatMap((one) => all(one, 'text'))
    .map((type) => type.toUpperCase());
  const flags = FLAGS.filter((flag) => types.includes(flag)).map((flag) => el(flag));
  return child(parameters, 'pref') === undefined ? flags : [...flags, el('PREF')];
}

const NAME_PARTS = [
  ['FAMILY', 'surname'],
  ['GIVEN', 'given'],
  ['MIDDLE', 'additional'],
  ['PREFIX', 'prefix'],
  ['SUFFIX', 'suffix'],
] as const;

const ADDRESS_PARTS = [
  ['POBOX', 'pobox'],
  ['EXTADD', 'ext'],
  ['STREET', 'street'],
  ['LOCALITY', 'locality'],
  ['REGION', 'region'],
  ['PCODE', 'code'],
  ['CTRY', 'country'],
] as const;

/** RFC 6351: every part stands there, empty or not. */
function parts(name: string, pairs: readonly (readonly [string, string])[], flagged: boolean): Omit<Property, 'old'> {
  const upper = name.toUpperCase();
  return {
    now: name,
    toNow: (list) =>
      list
        .filter((one) => pairs.some(([old]) => value(one, old) !== ''))
        .map((one) =>
          el(name, {}, flagged && parametersOf(one), ...pairs.map(([old, now]) => el(now, {}, value(one, old)))),
        ),
    toOld: (list) =>
      list
        .filter((one) => pairs.some(([, now]) => all(one, now).length > 0))
        .map((one) =>
          el(
            upper,
            {},
            ...(flagged ? flagsOf(one) : []),
            ...pairs.map(([old, now]) => filled(old, all(one, now).join(','))), // XEP-0054: several values, with commas
          ),
        ),
  };
}

const PHONE = /^\+?[\d().\- ]+$/;

/** XEP-0292 §7, every property that both formats have and people fill in; the photo is the avatar's business. */
export const PROPERTIES: readonly Property[] = [
  plain('FN', 'fn'),
  { old: ['N'], ...parts('n', NAME_PARTS, false) },
  {
    old: ['NICKNAME'],
    now: 'nickname',
    toNow: (list) => list.flatMap((one) => listed(textOf(one))).map((nick) => el('nickname', {}, el('text', {}, nick))),
    toOld: (list) => {
      const nicks = list.flatMap((one) => all(one, 'text')).flatMap(listed);
      return nicks.length === 0 ? [] : [el('NICKNAME', {}, nicks.join(','))];
    },
  },
  {
    old: ['BDAY'],
    now: 'bday',
    toNow: (list) =>
      list.flatMap((one) => {
        const day = textOf(one).trim();
        if (day === '') return [];
        return [el('bday', {}, el(/^\d{4}-?\d\d-?\d\d$/.test(day) ? 'date' : 'text', {}, day))];
      }),
    toOld: (list) =>
      list.flatMap((one) => {
        const day = ['date', 'date-time', 'text'].map((kind) => value(one, kind)).find((text) => text !== '');
        return day === undefined ? [] : [el('BDAY', {}, day)];
      }),
  },
  { old: ['ADR'], ...parts('adr', ADDRESS_PARTS, true) },
  {
    old: ['TEL'],
    now: 'tel',
    toNow: (list) =>
      list.flatMap((one) => {
        const number = value(one, 'NUMBER');
        if (number === '') return [];
        const uri = PHONE.test(number); // §7.3.5; what is no number stays text, as RFC 6350 §6.4.1 allows
        const told = uri ? el('uri', {}, `tel:${number.replace(/ +/g, '-')}`) : el('text', {}, number);
        return [el('tel', {}, parametersOf(one), told)];
      }),
    toOld: (list) =>
      list.flatMap((one) => {
        const uri = value(one, 'uri');
        const number = uri.startsWith('tel:') ? uri.slice('tel:'.length) : value(one, 'text');
        return number === '' ? [] : [el('TEL', {}, ...flagsOf(one), el('NUMBER', {}, number))];
      }),
  },
  {
    old: ['EMAIL'],
    now: 'email',
    toNow: (list) =>
      list.flatMap((one) => {
        const address = value(one, 'USERID');
        return address === '' ? [] : [el('email', {}, parametersOf(one), el('text', {}, address))];
      }),
    toOld: (list) =>
      list.flatMap((one) => {
        const address = value(one, 'text');
        return address === '' ? [] : [el('EMAIL', {}, ...flagsOf(one), el('INTERNET'), el('USERID', {}, address))];
      }),
  },
  plain('JABBERID', 'impp', 'uri', 'xmpp:'), // §7.1.2
  plain('TZ', 'tz'),
  {
    old: ['GEO'],
    now: 'geo',
    toNow: (list) =>
      list.flatMap((one) => {
        const [lat, lon] = [value(one, 'LAT'), value(one, 'LON')];
        return lat === '' || lon === '' ? [] : [el('geo', {}, el('uri', {}, `geo:${lat},${lon}`))];
      }),
    toOld: (list) =>
      list.flatMap((one) => {
        const [, lat, lon] = /^geo:([\d.+-]+),([\d.+-]+)/.exec(value(one, 'uri')) ?? [];
        return lat === undefined || lon === undefined ? [] : [el('GEO', {}, el('LAT', {}, lat), el('LON', {}, lon))];
      }),
  },
  plain('TITLE', 'title'),
  plain('ROLE', 'role'),
  {
    old: ['ORG'],
    now: 'org',
    // RFC 6350 §6.6.4: the organisation, then its units. XEP-0292 §7.3.3 would drop those.
    toNow: (list) =>
      list.flatMap((one) => {
        const names = [value(one, 'ORGNAME'), ...all(one, 'ORGUNIT')];
        return names.every((name) => name === '') ? [] : [el('org', {}, ...names.map((name) => el('text', {}, name)))];
      }),
    toOld: (list) =>
      list.flatMap((one) => {
        const [name, ...units] = elements(one)
          .filter((text) => text.name === 'text')
          .map((text) => textOf(text).trim());
        if (name === undefined || [name, ...units].every((one) => one === '')) return [];
        return [
          el(
            'ORG',
            {},
            el('ORGNAME', {}, name),
            ...units.filter((unit) => unit !== '').map((unit) => el('ORGUNIT', {}, unit)),
          ),
        ];
      }),
  },
  {
    old: ['CATEGORIES'],
    now: 'categories',
    toNow: (list) => {
      const words = list.flatMap((one) => all(one, 'KEYWORD'));
      return words.length === 0 ? [] : [el('categories', {}, ...words.map((word) => el('text', {}, word)))];
    },
    toOld: (list) => {
      const words = list.flatMap((one) => all(one, 'text'));
      return words.length === 0 ? [] : [el('CATEGORIES', {}, ...words.map((word) => el('KEYWORD', {}, word)))];
    },
  },
  plain('URL', 'url', 'uri'),
  {
    old: ['DESC', 'NOTE'], // §7.1.1
    now: 'note',
    toNow: (list) =>
      list.flatMap((one) => {
        const note = textOf(one).trim();
        return note === '' ? [] : [el('note', {}, el('text', {}, note))];
      }),
    toOld: (list) =>
      list.flatMap((one) => {
        const note = value(one, 'text');
        return note === '' ? [] : [el('DESC', {}, note)];
      }),
  },
];

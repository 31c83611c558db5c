import { CommandError } from './command-error.ts';

/** Names by which somebody could pass for the office or the server; administrators may give them, nobody takes them. */
const RESERVED = [
  'abuse admin administrator announcements billing boss ceo director everyone hallway helpdesk help hostmaster hr info',
  'it jabber mail management moderator news noreply office operator owner personnel postmaster root security server',
  'service staff status support sysadmin system team webmaster xmpp',
]
  .join(' ')
  .split(' ');

/** Letters of other scripts that look like Latin ones. */
const TWINS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...[
      'аa',
      'вb',
      'сc',
      'ԁd',
      'еe',
      'һh',
      'іi',
      'јj',
      'кk',
      'ӏl',
      'мm',
      'оo',
      'рp',
      'ԛq',
      'ѕs',
      'тt',
      'ѵv',
      'ԝw',
      'хx',
      'уy',
    ],
    ...['αa', 'βb', 'εe', 'ηn', 'ιi', 'κk', 'νv', 'οo', 'ρp', 'τt', 'υu', 'χx', 'γy', 'ωw'],
    ...['օo', 'սu', 'ոn', 'հh', 'ѡw', 'ɑa', 'ɡg', 'ıi', 'ſs'],
  ].map((pair) => [[...pair][0]!, [...pair][1]!]),
);

/** The same name as it would be in plain Latin letters. */
export function latin(local: string): string {
  const bare = local.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return [...bare].map((letter) => TWINS[letter] ?? letter).join('');
}

/** What is left of a name when all that the eye can miss is taken away. */
function skeleton(local: string): string {
  return latin(local)
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/[1i|]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('5', 's')
    .replaceAll('3', 'e')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}

const RESERVED_SKELETONS: ReadonlySet<string> = new Set(RESERVED.map(skeleton));

/** Alphabets with letters that look like those of others, by which they are mixed with these to deceive. */
const SCRIPTS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u];
/** Letters of none of these, nor of the scripts of East Asia, that people do write beside Latin ones: Cherokee, say, or Lisu. */
const OTHERS =
  /[^\P{L}\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Common}\p{Script=Inherited}]/u;

/** Without the dots and dashes at its ends, and with one where there are several: the eye does not count them. */
function trimmed(local: string): string {
  return local.replace(/^[._-]+|[._-]+$/g, '').replace(/([._-])[._-]+/g, '$1');
}

/**
 * Checks a prepared local part that somebody chose for themselves: not a name of the office, not letters of scripts that
 * look alike in one name. Gives another name that it could be taken for, if there is one, to see whether that is
 * somebody's. Throws CommandError.
 */
export function checkOwnName(local: string): string | undefined {
  if ([...local].length > 64) throw new CommandError('invalid', 'The name is too long.', 'local');
  if (!/[\p{L}\p{N}]/u.test(local)) throw new CommandError('invalid', 'A name needs a letter or a digit.', 'local');
  if (RESERVED_SKELETONS.has(skeleton(local))) {
    throw new CommandError('invalid', 'This name is reserved. Please choose another.', 'local');
  }
  if ([...SCRIPTS, OTHERS].filter((script) => script.test(local)).length > 1) {
    throw new CommandError('invalid', 'A name cannot mix letters of several alphabets.', 'local');
  }
  const plain = latin(local);
  const alike = trimmed(/^[\x21-\x7e]+$/.test(plain) ? plain : local);
  return alike === local ? undefined : alike;
}

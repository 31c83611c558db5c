import { tryParseJid } from '../xmpp/jid.ts';
import { CommandError } from './command-error.ts';

/** Who is invited, as somebody pasted it: either may be ''. */
export interface Invited {
  readonly local: string;
  /** What stands behind the at sign, '' for no address. */
  readonly domain: string;
  readonly name: string;
}

/**
 * One line of a list as people have it: a name, an address, or both in whatever order, as `Anna Berg <anna@example.com>` of a
 * mail program or two cells of a spreadsheet.
 */
export function readInvited(line: string): Invited {
  const address = /[^\s<>()[\]"“”;,]+@[^\s<>()[\]"“”;,]*/.exec(line)?.[0] ?? '';
  const name = line
    .replace(address, ' ')
    .replace(/[\t;<>()[\]"“”]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[ ,]+|[ ,]+$/g, '');
  const jid = address.replace(/^(xmpp|mailto):/i, '');
  const at = jid.lastIndexOf('@');
  return { local: at < 0 ? '' : jid.slice(0, at), domain: at < 0 ? '' : jid.slice(at + 1), name };
}

/** The same for a domain. Throws CommandError for an address of elsewhere: whoever wrote it meant another one than they would get. */
export function invitedTo(domain: string, line: string): Pick<Invited, 'local' | 'name'> {
  const { domain: said, ...read } = readInvited(line);
  if (said !== '' && tryParseJid(said)?.domain !== domain) {
    throw new CommandError('invalid', `This is no address of ${domain}: give the name, or the address to be.`, 'local');
  }
  return read;
}

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

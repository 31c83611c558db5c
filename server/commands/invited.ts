/** Who is invited, as somebody pasted it: either may be ''. */
export interface Invited {
  readonly local: string;
  readonly name: string;
}

/**
 * One line of a list as people have it: a name, an address, or both in whatever order, as `Anna Berg <anna@example.com>` of a
 * mail program or two cells of a spreadsheet. Of an address elsewhere the part before the @ is taken, as an import does.
 */
export function readInvited(line: string): Invited {
  const address = /[^\s<>()[\]"“”;,]+@[^\s<>()[\]"“”;,]*/.exec(line)?.[0] ?? '';
  const name = line
    .replace(address, ' ')
    .replace(/[\t;<>()[\]"“”]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[ ,]+|[ ,]+$/g, '');
  return { local: address.replace(/^(xmpp|mailto):/i, '').replace(/@[^@]*$/, ''), name };
}

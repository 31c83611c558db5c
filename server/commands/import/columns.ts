/** What a column of the file can say of a person. */
export const FIELDS = ['address', 'email', 'name', 'given', 'family', 'password', 'department', 'ignore'] as const;

export type Field = (typeof FIELDS)[number];

/** Headings in English and German, as other programs write them; without case, accents, blanks and signs. */
const HEADINGS: Readonly<Record<Exclude<Field, 'ignore'>, readonly string[]>> = {
  address:
    'address adresse jid xmpp xmppaddress xmppadresse chataddress chatadresse user username userid login loginname benutzer benutzername benutzerkennung anmeldename kennung konto account accountname samaccountname nick'.split(
      ' ',
    ),
  email: 'email mail emailaddress emailadresse mailadresse emailadress primaryemail userprincipalname'.split(' '),
  name: 'name fullname displayname anzeigename vollername vollstandigername kompletternname realname person'.split(' '),
  given: 'givenname firstname first forename vorname vornamen rufname'.split(' '),
  family: 'familyname lastname last surname sn nachname familienname zuname'.split(' '),
  password: 'password initialpassword pass pw passwort kennwort anfangspasswort startpasswort'.split(' '),
  department:
    'department departments dept team group groups unit ou organizationalunit abteilung abteilungen gruppe gruppen bereich referat'.split(
      ' ',
    ),
};

const known = new Map<string, Field>(
  (Object.entries(HEADINGS) as [Field, readonly string[]][]).flatMap(([field, words]) =>
    words.map((word) => [word, field] as const),
  ),
);

function fieldOf(heading: string): Field {
  const word = heading
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  return known.get(word) ?? 'ignore';
}

/** What the columns are, by their headings. Each field is one column, the first that fits; departments may be several. */
export function guessColumns(headings: readonly string[]): Field[] {
  const guessed = headings.map(fieldOf);
  // “Name, Vorname”: beside a first name the name is the family's.
  const split = guessed.includes('given') && !guessed.includes('family');
  const taken = new Set<Field>();
  return guessed.map((one) => {
    const field = one === 'name' && split ? 'family' : one;
    if (field !== 'ignore' && field !== 'department' && taken.has(field)) return 'ignore';
    taken.add(field);
    return field;
  });
}

/** Whether a row is headings: one of them at least is known, and none is an address. */
export function isHeadings(cells: readonly string[]): boolean {
  return cells.some((cell) => fieldOf(cell) !== 'ignore') && !cells.some((cell) => cell.includes('@'));
}

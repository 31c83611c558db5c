import { KeyedMutex } from '../../util/keyed-mutex.ts';
import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';

/** Who may see it beside its owner: everybody whom the house lets see cards at all, or only those who see presence. */
export type Audience = 'all' | 'contacts';

/** What the directory shows of a person. Each is '' when it is not known. */
export interface Names {
  readonly given: string;
  readonly family: string;
  readonly nick: string;
  readonly email: string;
}

export interface Card {
  /** A `<vCard/>` without its photo, as XML. */
  readonly xml: string;
  readonly audience: Audience;
}

export interface Photo {
  /** As in `image/png`. */
  readonly type: string;
  readonly data: Uint8Array;
}

/** What presence says of a photo. */
export interface PhotoMark {
  /** SHA-1 of the image in hexadecimal; '' for a photo that was taken away. */
  readonly hash: string;
  readonly audience: Audience;
}

const NOBODY: Names = { given: '', family: '', nick: '', email: '' };

/** The form in which names are compared. */
export function searchable(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** What people say about themselves: a card (XEP-0054), and a photo with its hash (XEP-0153). */
export class Profiles {
  /** Whoever reads before it writes does so in here, by account. */
  readonly changes = new KeyedMutex<number>();
  readonly #db: Database;
  readonly #marks: Cached<number, PhotoMark | undefined>;

  constructor(db: Database) {
    this.#db = db;
    this.#marks = new Cached(20_000, (account) => this.#loadMark(account));
  }

  async card(account: number): Promise<Card | undefined> {
    const row = await this.#db.get<{ xml: string | null; audience: Audience }>(
      sql`SELECT card AS xml, card_audience AS audience FROM profile WHERE account = ${account}`,
    );
    return row === undefined || row.xml === null ? undefined : { xml: row.xml, audience: row.audience };
  }

  /** What the directory shows of a person, whom all may see; undefined when nothing was ever written. */
  async names(account: number): Promise<Names | undefined> {
    return this.#db.get<Names>(sql`SELECT given, family, nick, email FROM profile WHERE account = ${account}`);
  }

  async photo(account: number): Promise<Photo | undefined> {
    return this.#db.get<Photo>(sql`SELECT type, data FROM profile_photo WHERE account = ${account}`);
  }

  /** The hash of the photo, undefined when there never was one. */
  mark(account: number): Soon<PhotoMark | undefined> {
    return this.#marks.get(account);
  }

  /** Puts a card in place of the one before; `names` is what the directory knows by it. Resolves once on disk. */
  async setCard(account: number, card: Card, names: Names): Promise<void> {
    await this.#db.batch(this.#cardStatements(account, card, names));
  }

  /** Puts a photo in place of the one before, or takes it away. Resolves once on disk. */
  async setPhoto(
    account: number,
    photo: (Photo & { readonly hash: string }) | undefined,
    audience: Audience,
  ): Promise<void> {
    const statements = this.#photoStatements(account, photo, audience);
    this.#marks.forget(account);
    await this.#db.batch(statements);
  }

  /** Both at once: all or nothing. */
  async setBoth(
    account: number,
    card: Card,
    names: Names,
    photo: (Photo & { readonly hash: string }) | undefined,
  ): Promise<void> {
    this.#marks.forget(account);
    await this.#db.batch([
      ...this.#cardStatements(account, card, names),
      ...this.#photoStatements(account, photo, card.audience),
    ]);
  }

  /** The account is gone: nothing of it may be remembered. */
  forget(account: number): void {
    this.#marks.forget(account);
  }

  #cardStatements(account: number, { xml, audience }: Card, names: Names): Statement[] {
    // What only contacts may see is not found by others.
    const { given, family, nick, email } = audience === 'all' ? names : NOBODY;
    return [
      this.#row(account),
      sql`UPDATE profile SET card = ${xml}, card_audience = ${audience},
        given = ${given}, family = ${family}, nick = ${nick}, email = ${email},
        given_search = ${searchable(given)}, family_search = ${searchable(family)}, nick_search = ${searchable(nick)},
        email_search = ${searchable(email)} WHERE account = ${account}`,
    ];
  }

  #photoStatements(
    account: number,
    photo: (Photo & { readonly hash: string }) | undefined,
    audience: Audience,
  ): Statement[] {
    const mark = sql`UPDATE profile SET photo_hash = ${photo?.hash ?? ''}, photo_audience = ${audience}
      WHERE account = ${account}`;
    if (photo === undefined) {
      // Of a photo that never was nothing needs to be told.
      const gone = sql`UPDATE profile SET photo_hash = '' WHERE account = ${account} AND photo_hash IS NOT NULL`;
      return [sql`DELETE FROM profile_photo WHERE account = ${account}`, gone];
    }
    return [
      this.#row(account),
      mark,
      sql`INSERT INTO profile_photo (account, type, data) VALUES (${account}, ${photo.type}, ${photo.data})
        ON CONFLICT (account) DO UPDATE SET type = excluded.type, data = excluded.data`,
    ];
  }

  #row(account: number): Statement {
    return sql`INSERT INTO profile (account, card_audience, photo_audience, given, family, nick, email, given_search,
      family_search, nick_search, email_search)
      VALUES (${account}, 'all', 'all', '', '', '', '', '', '', '', '') ON CONFLICT (account) DO NOTHING`;
  }

  async #loadMark(account: number): Promise<PhotoMark | undefined> {
    const row = await this.#db.get<{ hash: string | null; audience: Audience }>(
      sql`SELECT photo_hash AS hash, photo_audience AS audience FROM profile WHERE account = ${account}`,
    );
    return row === undefined || row.hash === null ? undefined : { hash: row.hash, audience: row.audience };
  }
}

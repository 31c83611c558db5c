import { type Database, sql } from '../database.ts';

/** One message that somebody was shown and reports, as its recipient's archive has it. */
export interface ReportedMessage {
  /** When it came, ms since 1970. */
  readonly time: number;
  readonly text: string;
}

export interface NewReport {
  readonly time: number;
  /** The account's id of who reports, and its address. */
  readonly account: number;
  readonly reporter: string;
  /** Who is reported. */
  readonly subject: string;
  readonly reason: string;
  readonly text: string;
  readonly messages: readonly ReportedMessage[];
}

export interface Report extends NewReport {
  readonly id: number;
}

interface Row {
  readonly id: number;
  readonly time: number;
  readonly account: number;
  readonly reporter: string;
  readonly subject: string;
  readonly reason: string;
  readonly text: string;
  readonly messages_json: string;
}

const DAY = 24 * 60 * 60 * 1_000;
/** Reports of one account that are kept of one day. More say nothing new, and would drive out those of others. */
export const REPORTS_A_DAY = 20;
/** Reports that are kept; then the oldest go. */
const KEPT = 5_000;

/** Reports of abuse (XEP-0377), for the administrator to read. */
export class Reports {
  readonly #db: Database;
  readonly #kept: number;

  constructor(db: Database, kept = KEPT) {
    this.#db = db;
    this.#kept = kept;
  }

  /** Keeps a report; false when this account has reported too often today. Resolves once it is on disk. */
  async add({ time, account, reporter, subject, reason, text, messages }: NewReport): Promise<boolean> {
    const [added] = await this.#db.batch([
      sql`INSERT INTO report (time, account, reporter, subject, reason, text, messages_json)
        SELECT ${time}, ${account}, ${reporter}, ${subject}, ${reason}, ${text}, ${JSON.stringify(messages)}
        WHERE (SELECT count(*) FROM report WHERE account = ${account} AND time > ${time - DAY}) < ${REPORTS_A_DAY}`,
      sql`DELETE FROM report WHERE id <= (SELECT max(id) FROM report) - ${this.#kept}`,
    ]);
    return added === 1;
  }

  /** The newest first; `before` is an id. */
  async page(limit: number, before = Number.MAX_SAFE_INTEGER): Promise<Report[]> {
    const rows = await this.#db.all<Row>(sql`SELECT id, time, account, reporter, subject, reason, text, messages_json
      FROM report WHERE id < ${before} ORDER BY id DESC LIMIT ${limit}`);
    return rows.map(({ messages_json: json, ...row }) => ({ ...row, messages: JSON.parse(json) }));
  }

  async count(): Promise<number> {
    return (await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM report`))?.n ?? 0;
  }

  /** The administrator is done with it. False when there is none of this id. */
  async remove(id: number): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM report WHERE id = ${id}`)) === 1;
  }
}

import { type Database, sql } from '../database.ts';

/** Samples of what the house did, an hour in one row. */
export class FigureHours {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Writes the samples of an hour (hours since 1970) again, and lets go of what is older than `oldest`. Nobody waits for it. */
  keep(hour: number, samples: readonly (readonly number[])[], oldest: number, failed: (error: Error) => void): void {
    this.#db.queue(
      [
        sql`INSERT INTO figure_hour (hour, samples_json) VALUES (${hour}, ${JSON.stringify(samples)})
          ON CONFLICT (hour) DO UPDATE SET samples_json = excluded.samples_json`,
        sql`DELETE FROM figure_hour WHERE hour < ${oldest} OR hour > ${hour}`,
      ],
      failed,
    );
  }

  /** What there is from an hour on, the oldest first. What cannot be read is left out. */
  async since(oldest: number): Promise<unknown[]> {
    const rows = await this.#db.all<{ samples_json: string }>(
      sql`SELECT samples_json FROM figure_hour WHERE hour >= ${oldest} ORDER BY hour LIMIT ${48}`,
    );
    return rows.flatMap((row) => {
      try {
        const samples: unknown = JSON.parse(row.samples_json);
        return Array.isArray(samples) ? samples : [];
      } catch {
        return [];
      }
    });
  }
}

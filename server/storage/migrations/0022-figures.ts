/**
 * What the machine and the house did: one row for each hour, with a sample a minute (`commands/figure-history.ts` says of what). A day
 * of it is kept.
 */
export const statements: readonly string[] = [
  `CREATE TABLE figure_hour (
    hour INTEGER PRIMARY KEY,
    samples_json TEXT NOT NULL)`,
];

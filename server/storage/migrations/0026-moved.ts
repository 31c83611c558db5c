/** An import knows of which files it came, so that one that was cut short goes on with the same. '' for those that do not. */
export const statements: readonly string[] = [`ALTER TABLE people_import ADD COLUMN digest TEXT NOT NULL DEFAULT ''`];

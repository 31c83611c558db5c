import type { ImportSettings } from '../../server/commands/import/settings.ts';
import type { TestHouse } from '../http/support.ts';

export const IMPORTER = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';

/** What is usual in a scene. */
export const SETTINGS: ImportSettings = {
  domain: DOMAIN,
  way: 'generate',
  existing: 'refuse',
  makeDepartments: false,
  leaveOut: false,
  days: 14,
};

/** Checks and imports; resolves, with the number of the import, when it is done. */
export async function importPeople(
  { commands: { peopleImports } }: TestHouse,
  text: string,
  more: Partial<ImportSettings> = {},
): Promise<number> {
  const [file, settings] = [Buffer.from(text), { ...SETTINGS, ...more }];
  const { digest } = await peopleImports.check(file, settings);
  const { id } = await peopleImports.start(IMPORTER, file, settings, 'people.csv', digest);
  await peopleImports.settled();
  return id;
}

/** Everybody of the domain, as `local:name`. */
export async function peopleOf({ commands }: TestHouse): Promise<string[]> {
  const { accounts } = await commands.accounts.list(DOMAIN, { limit: 200 });
  return accounts.map(({ local, name }) => `${local}:${name}`);
}

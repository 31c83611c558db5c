import type { ReplyOf } from '../../../../server/http/contract/index.ts';
import { api } from '../../api.ts';
import { t } from '../../language.ts';
import type { IconName } from '../kit/icon-paths.ts';

export type BulkKind = 'disable' | 'enable' | 'delete' | 'restore' | 'reset-links';
export type BulkResult = ReplyOf<'POST /api/people/enable'>['results'][number];

/** What can be done to many people at once. */
export const BULK: Readonly<
  Record<BulkKind, { needs: 'help' | 'admin'; icon: IconName; label: string; danger?: boolean }>
> = {
  'reset-links': { needs: 'help', icon: 'key', label: t('Links for passwords') },
  enable: { needs: 'help', icon: 'check', label: t('Enable') },
  disable: { needs: 'help', icon: 'block', label: t('Disable') },
  restore: { needs: 'admin', icon: 'refresh', label: t('Bring back') },
  delete: { needs: 'admin', icon: 'trash', label: t('Delete'), danger: true },
};

/** How many the server takes at once. */
const SLICE = 200;

/** Does it, some after the other; gives what became of each. Throws ApiError. */
export function doBulk(kind: BulkKind, people: readonly string[], reason: string): Promise<BulkResult[]> {
  return slices(people, (some) => send(kind, some, reason));
}

/** The same for a department, by its number. */
export function putIntoDepartment(
  people: readonly string[],
  department: number,
  member: boolean,
): Promise<BulkResult[]> {
  return slices(people, (some) => api('POST /api/people/department', { body: { people: some, department, member } }));
}

async function slices(
  people: readonly string[],
  ask: (some: string[]) => Promise<{ results: BulkResult[] }>,
): Promise<BulkResult[]> {
  const results: BulkResult[] = [];
  for (let from = 0; from < people.length; from += SLICE) {
    results.push(...(await ask(people.slice(from, from + SLICE))).results);
  }
  return results;
}

function send(kind: BulkKind, people: string[], reason: string): Promise<{ results: BulkResult[] }> {
  if (kind === 'disable') return api('POST /api/people/disable', { body: { people, ...(reason && { reason }) } });
  if (kind === 'enable') return api('POST /api/people/enable', { body: { people } });
  if (kind === 'restore') return api('POST /api/people/restore', { body: { people } });
  if (kind === 'reset-links') return api('POST /api/people/reset-links', { body: { people } });
  return api('POST /api/people/delete', { body: { people, confirm: people.length } });
}

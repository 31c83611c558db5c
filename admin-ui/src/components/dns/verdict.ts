import type { ReplyOf } from '../../../../server/http/contract/index.ts';
import { t } from '../../language.ts';

type Records = ReplyOf<'GET /api/domains/:domain/dns'>['records'];

/** How it is with all records of a domain, in a sentence. */
export function verdictOf(records: Records): { tone: 'ok' | 'warn' | 'danger'; text: string } {
  const wrong = records.filter(({ state, needed }) => needed && (state === 'missing' || state === 'different')).length;
  if (wrong > 0) {
    const text = t(
      'One record that is needed is missing or different. | {n} records that are needed are missing or different.',
      wrong,
    );
    return { tone: 'danger', text };
  }
  const unsure = records.some(({ state }) => state === 'unanswered' || state === 'unclear');
  return unsure
    ? { tone: 'warn', text: t('Not all could be found out.') }
    : { tone: 'ok', text: t('All that is needed is there.') };
}

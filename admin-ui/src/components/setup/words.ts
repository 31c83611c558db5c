import type { ReplyOf } from '../../../../server/http/contract/index.ts';
import { t } from '../../language.ts';

export type Setup = ReplyOf<'GET /api/setup'>;
export type Step = Setup['steps'][number]['name'];

/** What each step is called, and why it is there. */
export const stepWords: Record<Step, { title: string; text: string }> = {
  domain: {
    title: t('Domain'),
    text: t(
      'What the addresses of your people end in. It is on business cards and in contact lists: choose it well before anybody has an address.',
    ),
  },
  reach: {
    title: t('How people reach the server'),
    text: t(
      'By these records in the DNS apps find this server by the domain alone. In an office network without such records people type the name of the server once.',
    ),
  },
  certificate: {
    title: t('Certificate'),
    text: t('By it apps tell that this is really your server.'),
  },
  people: {
    title: t('First people'),
    text: t('Create them one by one, invite them by a link, or take them from a file.'),
  },
};

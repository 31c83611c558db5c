import type { ReplyOf } from '../../../../server/http/contract/index.ts';
import { t } from '../../language.ts';

export type Setup = ReplyOf<'GET /api/setup'>;
export type Step = Setup['steps'][number]['name'];

export type WishedReach = NonNullable<Setup['reach']>;

/** From where people reach the server, as an answer to that question. */
export const reachWords: Record<WishedReach, string> = {
  office: t('Only in the office'),
  internet: t('From the internet, too'),
};

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
      'Apps find the server by the domain alone when the DNS, the directory of names in a network, has some records of it.',
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

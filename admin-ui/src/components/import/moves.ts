import type { ReplyOf } from '../../../../server/http/contract/index.ts';
import { retell, t } from '../../language.ts';

type Report = NonNullable<ReplyOf<'GET /api/people/moves/:id'>['check']>['total'];

/** What people bring along, in a few words. */
export function movedWords({ taken }: Report): string {
  const { contacts, requests, cards, messages, waiting, items, notes, blocked } = taken;
  const parts = [
    contacts > 0 ? t('{n} contact | {n} contacts', contacts) : '',
    requests > 0 ? t('{n} contact request | {n} contact requests', requests) : '',
    cards > 0 ? t('{n} card | {n} cards', cards) : '',
    messages > 0 ? t('{n} message | {n} messages', messages) : '',
    waiting > 0 ? t('{n} message that waits | {n} messages that wait', waiting) : '',
    items > 0 ? t('{n} published item | {n} published items', items) : '',
    notes > 0 ? t('{n} note of a program | {n} notes of programs', notes) : '',
    blocked > 0 ? t('{n} blocked address | {n} blocked addresses', blocked) : '',
  ];
  const said = parts.filter((part) => part !== '').join(', ');
  return said === '' ? t('The files have nothing but names and passwords.') : said;
}

/** What is wrong with files, as the server says it, with the file that it is about before it. */
export function problemWords(text: string): string {
  const [, file, said] = /^(.*?\.xml): (.+)$/is.exec(text) ?? [];
  return file === undefined || said === undefined ? retell(text) : `${file}: ${retell(said)}`;
}

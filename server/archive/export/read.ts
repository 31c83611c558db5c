import { timeOf } from '../../storage/archive-id.ts';
import type { Element } from '../../xmpp/element.ts';
import { readable } from '../readable.ts';
import type { ExportedMessage } from './words.ts';

/** One stored message, as an export has it. */
export function exported(id: number, element: Element, archive: string): ExportedMessage {
  const { from = '', to = '' } = element.attrs;
  const time = new Date(timeOf(id)).toISOString();
  return { id: String(id), time, from, to: to === '' ? archive : to, ...readable(element) };
}

import type { Settings } from './settings.ts';

/** Under which the numbers of the accounts are kept that administer from chat. */
export const CHAT_ADMINS = 'chat-admins';

/** Numbers, not names: whoever gets the name of somebody deleted must not get the power with it. */
export async function chatAdmins(settings: Settings): Promise<number[]> {
  const value = await settings.get(CHAT_ADMINS);
  return Array.isArray(value) ? value.filter((one): one is number => typeof one === 'number') : [];
}

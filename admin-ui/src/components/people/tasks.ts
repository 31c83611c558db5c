import type { Account } from '../../../../server/http/contract/index.ts';
import { api } from '../../api.ts';
import { say, sayError } from '../../composables/toasts.ts';
import type { MenuItem } from '../kit/UiMenu.vue';

/** What is being done to whom; each has its dialog in PersonDialogs. */
export interface Task {
  kind: 'password' | 'reset-link' | 'rename' | 'grant' | 'disable' | 'delete';
  account: Account;
}

export const paramsOf = (account: Account) => ({ domain: account.domain, local: account.local });
export const nameOf = (account: Account) => account.name || account.local;

async function enable(account: Account, changed: () => void): Promise<void> {
  try {
    await api('POST /api/domains/:domain/accounts/:local/enable', { params: paramsOf(account) });
    say(`${nameOf(account)} can log in again.`);
    changed();
  } catch (error) {
    sayError(error);
  }
}

async function revoke(account: Account, changed: () => void): Promise<void> {
  try {
    await api('POST /api/domains/:domain/accounts/:local/chat-admin', {
      params: paramsOf(account),
      body: { chatAdmin: false },
    });
    say(`${nameOf(account)} no longer administers from chat.`);
    changed();
  } catch (error) {
    sayError(error);
  }
}

/** The menu of one person. `begin` opens the dialog of a task, `changed` follows what needs none. */
export function personMenu(account: Account, begin: (task: Task) => void, changed: () => void): MenuItem[] {
  return [
    { label: 'Reset password', icon: 'key', run: () => begin({ kind: 'password', account }) },
    { label: 'Let them choose a password', icon: 'mail', run: () => begin({ kind: 'reset-link', account }) },
    { label: 'Rename', icon: 'person', run: () => begin({ kind: 'rename', account }) },
    account.chatAdmin
      ? { label: 'No longer administer from chat', icon: 'shield', run: () => void revoke(account, changed) }
      : { label: 'Let administer from chat', icon: 'shield', run: () => begin({ kind: 'grant', account }) },
    account.status === 'active'
      ? { label: 'Disable', icon: 'block', run: () => begin({ kind: 'disable', account }) }
      : { label: 'Enable', icon: 'check', run: () => void enable(account, changed) },
    { label: 'Delete', icon: 'trash', danger: true, run: () => begin({ kind: 'delete', account }) },
  ];
}

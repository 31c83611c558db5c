import type { Account } from '../../../../server/http/contract/index.ts';
import { api } from '../../api.ts';
import { say, sayError } from '../../composables/toasts.ts';
import { t } from '../../language.ts';
import type { MenuItem } from '../kit/UiMenu.vue';

/** What is being done to whom; each has its dialog in PersonDialogs. */
export interface Task {
  kind: 'password' | 'reset-link' | 'rename' | 'grant' | 'disable' | 'delete' | 'delete-now' | 'quota';
  account: Account;
}

export const paramsOf = (account: Account) => ({ domain: account.domain, local: account.local });
export const nameOf = (account: Account) => account.name || account.local;

async function enable(account: Account, changed: () => void): Promise<void> {
  try {
    await api('POST /api/domains/:domain/accounts/:local/enable', { params: paramsOf(account) });
    say(t('{name} can log in again.', { name: nameOf(account) }));
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
    say(t('{name} no longer administers from chat.', { name: nameOf(account) }));
    changed();
  } catch (error) {
    sayError(error);
  }
}

export async function restore(account: Account, changed: () => void): Promise<void> {
  try {
    await api('POST /api/domains/:domain/accounts/:local/restore', { params: paramsOf(account) });
    say(t('{name} is back.', { name: nameOf(account) }));
    changed();
  } catch (error) {
    sayError(error);
  }
}

/** The menu of one person. `begin` opens the dialog of a task, `changed` follows what needs none. */
export function personMenu(account: Account, begin: (task: Task) => void, changed: () => void): MenuItem[] {
  if (account.removeAt !== null) {
    return [
      { label: t('Bring back'), needs: 'admin', icon: 'refresh', run: () => void restore(account, changed) },
      {
        label: t('Delete for good now'),
        needs: 'admin',
        icon: 'trash',
        danger: true,
        run: () => begin({ kind: 'delete-now', account }),
      },
    ];
  }
  return [
    { label: t('Reset password'), needs: 'help', icon: 'key', run: () => begin({ kind: 'password', account }) },
    {
      label: t('Let them choose a password'),
      needs: 'help',
      icon: 'mail',
      run: () => begin({ kind: 'reset-link', account }),
    },
    { label: t('Rename'), needs: 'admin', icon: 'person', run: () => begin({ kind: 'rename', account }) },
    { label: t('Space for files'), needs: 'admin', icon: 'file', run: () => begin({ kind: 'quota', account }) },
    account.chatAdmin
      ? {
          label: t('No longer administer from chat'),
          needs: 'admin',
          icon: 'shield',
          run: () => void revoke(account, changed),
        }
      : {
          label: t('Let administer from chat'),
          needs: 'admin',
          icon: 'shield',
          run: () => begin({ kind: 'grant', account }),
        },
    account.status === 'active'
      ? { label: t('Disable'), needs: 'help', icon: 'block', run: () => begin({ kind: 'disable', account }) }
      : { label: t('Enable'), needs: 'help', icon: 'check', run: () => void enable(account, changed) },
    { label: t('Delete'), needs: 'admin', icon: 'trash', danger: true, run: () => begin({ kind: 'delete', account }) },
  ];
}

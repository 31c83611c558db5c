import { ref, shallowRef } from 'vue';
import type { Certificate } from '../../../../server/http/contract/index.ts';
import { api } from '../../api.ts';
import { every } from '../../composables/every.ts';
import { useResource } from '../../composables/resource.ts';
import { say, sayError } from '../../composables/toasts.ts';
import { t } from '../../language.ts';

export type CertificateDesk = ReturnType<typeof certificateDesk>;

/** The certificates of the house with what can be done about each; CertificateDialogs.vue has the dialogs that it opens. */
export function certificateDesk() {
  const { value, error, reload } = useResource(() => api('GET /api/certificates'));
  every(5_000, () => {
    if (value.value?.certificates.some(({ acme }) => acme?.running)) void refresh();
  });

  const chosen = shallowRef<Certificate>();
  /** The dialog that is open. */
  const open = ref<'upload' | 'request' | 'acme' | 'order' | 'internal'>();
  /** Whose certificate is to be got by ACME once it was said how that works. */
  let waiting: Certificate | undefined;

  async function refresh(): Promise<void> {
    await reload(true);
    chosen.value = value.value?.certificates.find(({ domain }) => domain === chosen.value?.domain);
  }

  /** Does it and says what went wrong where there is no form to say it in. */
  async function attempt(act: () => Promise<unknown>, done: string): Promise<void> {
    try {
      await act();
      say(done);
    } catch (reason) {
      sayError(reason);
    }
    await refresh();
  }

  function show(dialog: 'upload' | 'request' | 'order' | 'internal', one: Certificate): void {
    chosen.value = one;
    open.value = dialog;
  }

  /** Says how ACME works here; with a certificate, to get that one afterwards. */
  function settle(one?: Certificate): void {
    waiting = one;
    open.value = 'acme';
  }

  async function settled(): Promise<void> {
    await refresh();
    if (waiting) acme(waiting);
    waiting = undefined;
  }

  /** Asks for which names, or first how ACME works here. */
  function acme(one: Certificate): void {
    if (value.value?.acme.agreed) show('order', one);
    else settle(one);
  }

  const run = ({ domain }: Certificate) =>
    attempt(
      () => api('POST /api/certificates/:domain/acme/run', { params: { domain } }),
      t('It has begun. It may take some minutes.'),
    );
  const stop = ({ domain }: Certificate) =>
    attempt(
      () => api('DELETE /api/certificates/:domain/acme', { params: { domain } }),
      t('Nothing is asked for by ACME any more. What came stays until it ends.'),
    );

  async function internal(): Promise<void> {
    if (!chosen.value) return;
    await api('POST /api/certificates/:domain/internal', { params: { domain: chosen.value.domain } });
    say(t('{name} shows a certificate of this house’s own authority.', { name: chosen.value.domain }));
    await refresh();
  }

  return { value, error, reload, chosen, open, refresh, show, settle, settled, acme, run, stop, internal };
}

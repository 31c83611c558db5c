import { computed, ref, shallowRef } from 'vue';
import type { Restore } from '../../../server/http/contract/index.ts';
import { ApiError, api } from '../api.ts';
import { upload } from '../upload.ts';
import { every } from './every.ts';

/** A backup that is restored in the place of a house that nobody has claimed: how far it is, and its steps. They throw ApiError. */
export function useRestoring() {
  const state = shallowRef<Restore>();
  /** Which part of the file has been sent; undefined while none is. */
  const sent = ref<number>();
  /** The server is there again, as the house of the backup. */
  const back = ref(false);
  let token = '';
  let taken: File | undefined;

  const step = computed(() => (sent.value === undefined ? (state.value?.step ?? 'waiting') : 'receiving'));
  const part = computed(() => sent.value ?? state.value?.part ?? 0);

  async function poll(): Promise<void> {
    state.value = await api('GET /api/restore/:token', { params: { token } });
  }

  /** Sends the file, unless it was sent before, and has it looked into. */
  async function look(code: string, file: File, key: string): Promise<void> {
    if (taken !== file) {
      ({ token } = await api('POST /api/restore', { body: { code } }));
      sent.value = 0;
      try {
        await upload(`/api/restore/${token}/file`, file, (done) => {
          sent.value = done;
        });
        taken = file;
      } finally {
        sent.value = undefined;
      }
    }
    try {
      await api('POST /api/restore/:token/look', { params: { token }, body: { key } });
      await poll();
    } catch (error) {
      if (error instanceof ApiError && error.code === 'link-unknown') taken = undefined;
      throw error;
    }
  }

  async function go(hostname: string): Promise<void> {
    await api('POST /api/restore/:token/go', { params: { token }, body: hostname === '' ? {} : { hostname } });
    await poll();
  }

  function again(): void {
    state.value = undefined;
    taken = undefined;
  }

  /** It is gone for a moment, and another one comes back. */
  async function wait(): Promise<void> {
    const session = await api('GET /api/session').catch(() => undefined);
    if (session?.claimed) back.value = true;
  }

  let asking = false;
  every(1_000, () => {
    const now = state.value;
    if (asking || !now || back.value || !['looking', 'restoring', 'done'].includes(now.step)) return;
    asking = true;
    const lost = (): void => {
      // What it had to say last was not heard: it is closing already.
      if (now.step === 'restoring') state.value = { ...now, step: 'done' };
    };
    void (now.step === 'done' ? wait() : poll().catch(lost)).finally(() => {
      asking = false;
    });
  });

  return { state, step, part, back, look, go, again };
}

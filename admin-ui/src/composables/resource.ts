import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue';
import { ApiError } from '../api.ts';

export interface Resource<Value> {
  /** The last answer; stays while a newer one is on its way, so that nothing jumps. */
  value: Ref<Value | undefined>;
  /** Why the last try failed; undefined when it did not. */
  error: Ref<unknown>;
  loading: Ref<boolean>;
  /** Asks again; with `quiet` a failure leaves what is shown alone (for refreshing in the background), unless it is gone. */
  reload: (quiet?: boolean) => Promise<void>;
}

/**
 * Loads something now and whenever `depends` changes. An answer that comes after a newer question was asked
 * is dropped.
 */
export function useResource<Value>(load: () => Promise<Value>, depends?: () => unknown): Resource<Value> {
  const value = shallowRef<Value>();
  const error = shallowRef<unknown>();
  const loading = ref(false);
  let asked = 0;

  async function reload(quiet = false): Promise<void> {
    asked += 1;
    const mine = asked;
    loading.value = true;
    try {
      const answer = await load();
      if (mine !== asked) return;
      value.value = answer;
      error.value = undefined;
    } catch (reason) {
      // A lost session is answered by the sign-in page.
      const status = reason instanceof ApiError ? reason.status : 0;
      if (mine !== asked || (quiet && status !== 404) || status === 401) return;
      error.value = reason;
    } finally {
      if (mine === asked) loading.value = false;
    }
  }

  if (depends) watch(depends, () => void reload());
  void reload();
  onScopeDispose(() => {
    asked += 1;
  });
  return { value, error, loading, reload };
}

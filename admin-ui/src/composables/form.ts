import { ref } from 'vue';
import { ApiError, plainWords } from '../api.ts';

/**
 * What every form needs: is it being sent, and what is wrong, per field and on the whole. `send` runs the
 * request and tells whether it worked; an error that names one of `fields` is shown there.
 */
export function useForm<Field extends string>(fields: readonly Field[]) {
  const busy = ref(false);
  const errors = ref<Partial<Record<Field, string>>>({});
  const failure = ref<string>();

  function clear(): void {
    errors.value = {};
    failure.value = undefined;
  }

  async function send(request: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false;
    clear();
    busy.value = true;
    try {
      await request();
      return true;
    } catch (reason) {
      const field = reason instanceof ApiError ? fields.find((name) => name === reason.field) : undefined;
      if (field) errors.value = { [field]: plainWords(reason) } as Partial<Record<Field, string>>;
      else failure.value = plainWords(reason);
      return false;
    } finally {
      busy.value = false;
    }
  }

  /** Sets what is wrong before anything is sent; true when nothing is. */
  function check(found: Partial<Record<Field, string | undefined>>): boolean {
    const wrong = Object.entries(found).filter(([, text]) => text !== undefined);
    errors.value = Object.fromEntries(wrong) as Partial<Record<Field, string>>;
    failure.value = undefined;
    return wrong.length === 0;
  }

  return { busy, errors, failure, send, check, clear };
}

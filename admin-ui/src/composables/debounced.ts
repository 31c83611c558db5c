import { onScopeDispose, type Ref, ref, watch } from 'vue';

/** Follows `source` once it has been quiet for `delay` ms. */
export function debounced<Value>(source: Ref<Value>, delay: number): Ref<Value> {
  const late = ref(source.value) as Ref<Value>;
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(source, (value) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      late.value = value;
    }, delay);
  });
  onScopeDispose(() => clearTimeout(timer));
  return late;
}

/** Runs `action` at most once in `delay` ms, and once more after the last call. */
export function throttled(action: () => void, delay: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(timer));
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      action();
    }, delay);
  };
}

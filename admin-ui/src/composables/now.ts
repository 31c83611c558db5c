import { readonly, ref } from 'vue';

const current = ref(Date.now());

// One clock for every "5 minutes ago" of the page.
setInterval(() => {
  current.value = Date.now();
}, 15_000);

/** The time (ms), brought up to date every quarter of a minute. */
export const now = readonly(current);

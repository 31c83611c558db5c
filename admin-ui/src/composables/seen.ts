import { onScopeDispose } from 'vue';

/** Does something whenever the browser's tab comes to the front again, as long as the component is there. */
export function whenSeenAgain(look: () => void): void {
  const seen = () => {
    if (document.visibilityState === 'visible') look();
  };
  document.addEventListener('visibilitychange', seen);
  onScopeDispose(() => document.removeEventListener('visibilitychange', seen));
}

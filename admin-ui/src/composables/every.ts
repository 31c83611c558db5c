import { onScopeDispose } from 'vue';

/** Runs `action` again and again, every `period` ms, while the page is looked at. */
export function every(period: number, action: () => void): void {
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') action();
  }, period);
  onScopeDispose(() => clearInterval(timer));
}

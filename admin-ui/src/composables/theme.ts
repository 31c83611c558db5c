import { ref, watch } from 'vue';
import type { IconName } from '../components/kit/icon-paths.ts';
import { t } from '../language.ts';

export type Theme = 'light' | 'dark' | 'system';

/** What one can choose. */
export const themes: readonly { value: Theme; label: string; icon: IconName }[] = [
  { value: 'light', label: t('Light'), icon: 'sun' },
  { value: 'dark', label: t('Dark'), icon: 'moon' },
  { value: 'system', label: t('Like the system'), icon: 'system' },
];

/** The same key is read by public/theme.js before the first paint. */
const key = 'hallway-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function remembered(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

function apply(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && system.matches);
  document.documentElement.classList.toggle('dark', dark);
}

/** The chosen theme; setting it paints it and remembers it in this browser. */
export const theme = ref<Theme>(remembered());

watch(theme, (value) => {
  try {
    if (value === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  apply();
});
system.addEventListener('change', apply);

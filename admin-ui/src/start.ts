import { createApp } from 'vue';
import App from './App.vue';
import { i18n } from './language.ts';
import { router } from './router.ts';

/** Shows the panel. */
export function start(): void {
  createApp(App).use(router).use(i18n).mount('#app');
}

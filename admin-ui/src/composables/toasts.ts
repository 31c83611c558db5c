import { ref } from 'vue';
import { ApiError, plainWords } from '../api.ts';

export interface Toast {
  id: number;
  text: string;
  tone: 'ok' | 'danger';
}

/** Never more than these at once; the oldest goes. */
const most = 4;
let next = 1;

export const toasts = ref<Toast[]>([]);

/** Shows one line in the corner and has it read out. */
export function say(text: string, tone: Toast['tone'] = 'ok'): void {
  toasts.value = [...toasts.value.slice(1 - most), { id: next++, text, tone }];
}

/** Says what went wrong; a lost session says nothing here, the sign-in page does. */
export function sayError(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) return;
  say(plainWords(error), 'danger');
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

import { onScopeDispose } from 'vue';

/** What was changed on this page and not saved: each form that is shown says whether it has something. */
const forms = new Set<() => boolean>();

/** Has whoever leaves the page asked first, as long as `changed` says that something would be lost. */
export function useUnsaved(changed: () => boolean): void {
  forms.add(changed);
  onScopeDispose(() => forms.delete(changed));
}

export function anythingUnsaved(): boolean {
  return [...forms].some((changed) => changed());
}

let ask: () => Promise<boolean> = async () => true;

/** Names what asks whether to leave all the same. */
export function whenToLeave(action: () => Promise<boolean>): void {
  ask = action;
}

/** Whether one may go on to something else: nothing is lost by it, or whoever is asked wants that. */
export async function mayLeave(): Promise<boolean> {
  return !anythingUnsaved() || (await ask());
}

// Closing the window, or loading it anew: there the browser asks in its own words.
window.addEventListener('beforeunload', (event) => {
  if (anythingUnsaved()) event.preventDefault();
});
